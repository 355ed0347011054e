// A Vulkan driver for Linux machines that have none, taken from the npm package @sparticuz/chromium: SwiftShader draws
// on the CPU. It is unpacked once into a cache folder and loaded into this process, without root.

import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { cacheFolder } from './cache-folder.js';
import { DeviceUnavailableError } from './errors.js';

const PACKAGE = '@sparticuz/chromium';
const LOADER = 'libvulkan.so.1';
const MANIFEST = 'vk_swiftshader_icd.json';
const WANTED = [LOADER, MANIFEST, 'libvk_swiftshader.so'];
const INSTALL_A_DRIVER =
  "Install your GPU's Vulkan driver, or Mesa's software one (Debian, Ubuntu: apt install mesa-vulkan-drivers; it must " +
  `be Mesa 23 or newer), or run npm install ${PACKAGE} (x64 only)`;

/** Loads SwiftShader's Vulkan loader into the process and returns the path for VK_DRIVER_FILES. */
export function loadSwiftShader(): string {
  const folder = unpacked();
  loadShared(join(folder, LOADER));
  return join(folder, MANIFEST);
}

/** dlopen() by path first: a later dlopen("libvulkan.so.1") of Dawn then finds the library that is already there. */
function loadShared(path: string) {
  const RTLD_NODELETE = 0x1000;
  const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen;
  try {
    process.dlopen({ exports: {} }, path, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
  } catch (error) {
    // Node expects an addon, so success ends here too; by then the library is loaded and stays.
    const { message } = error as Error;
    if (!message.includes('did not self-register')) throw unavailable(`SwiftShader could not be loaded: ${message}`);
  }
}

function unpacked(): string {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw unavailable(
      `No usable Vulkan driver, and SwiftShader comes for Linux on x64 only, not ${process.platform} on ${process.arch}`,
    );
  }
  const archive = readFileSync(archivePath());
  const hash = createHash('sha256').update(archive).digest('hex').slice(0, 16);
  const folder = join(cacheFolder(), `swiftshader-${hash}`);
  if (existsSync(folder)) return folder;
  try {
    unpack(brotliDecompressSync(archive), folder);
  } catch (error) {
    throw new DeviceUnavailableError(
      `No usable Vulkan driver, and SwiftShader could not be unpacked into ${folder}: ${(error as Error).message}`,
      'Set XDG_CACHE_HOME to a folder that can be written to',
    );
  }
  return folder;
}

function archivePath(): string {
  try {
    const entry = createRequire(import.meta.url).resolve(PACKAGE);
    return join(dirname(entry), '..', 'bin', 'swiftshader.tar.br');
  } catch {
    throw unavailable('No usable Vulkan driver was found on this machine');
  }
}

/** Under a private name, then renamed: another process sees the folder whole or not at all. */
function unpack(tar: Buffer, folder: string) {
  const draft = `${folder}.${randomUUID()}`;
  mkdirSync(draft, { recursive: true });
  try {
    for (const { name, data } of tarEntries(tar)) {
      if (WANTED.includes(name)) writeFileSync(join(draft, name), data);
    }
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}

/** The plain files of a ustar archive: 512-byte headers, each followed by its data padded to 512. */
export function* tarEntries(tar: Buffer): Generator<{ name: string; data: Buffer }> {
  const text = (at: number, length: number) => tar.toString('latin1', at, at + length).replace(/[\0 ].*$/s, '');
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8) || 0;
    const isFile = tar[at + 156] === 0 || tar[at + 156] === 0x30;
    if (isFile) yield { name: text(at, 100).replace(/^\.\//, ''), data: tar.subarray(at + 512, at + 512 + size) };
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

const unavailable = (problem: string) => new DeviceUnavailableError(problem, INSTALL_A_DRIVER);
