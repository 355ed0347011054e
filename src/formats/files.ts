import { createHash } from 'node:crypto';
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { fileError, IOError } from '../errors.js';
import { writeAtomically } from './atomic.js';
import { type OnnxModel, onnxParts } from './onnx.js';
import { pthParts, type TorchValue } from './pth-write.js';
import { safetensorsParts, type TensorToWrite } from './safetensors.js';
import { checkRange, type Source } from './source.js';

/** An open file as a Source. Reads are fresh copies; nothing of the file is held in memory. Close it when done. */
export type FileSource = Source & { close(): void };

/** Opens a file for reading. Throws MissingFileError or IOError naming it. */
export function openFile(path: string): FileSource {
  const fd = guard(path, () => openSync(path, 'r'));
  const stat = guard(path, () => fstatSync(fd));
  if (!stat.isFile()) {
    closeSync(fd);
    throw new IOError('is no regular file', { file: path, fix: 'Give the path of a file' });
  }
  return {
    name: path,
    size: stat.size,
    read(offset, length) {
      checkRange(path, stat.size, offset, length);
      return guard(path, () => readFully(fd, path, offset, length));
    },
    close: () => closeSync(fd),
  };
}

function guard<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw fileError(error, path);
  }
}

/** One call may return less than asked for (Linux stops at 2 GiB). */
function readFully(fd: number, path: string, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const got = readSync(fd, bytes, done, Math.min(length - done, 1 << 30), offset + done);
    if (got === 0)
      throw new IOError(`ended at byte ${offset + done} while it was read`, {
        file: path,
        fix: 'Is it being written?',
      });
    done += got;
  }
  return bytes;
}

/** Runs `use` on an open file and closes it whatever happens. */
export async function withFile<T>(path: string, use: (file: FileSource) => T | Promise<T>): Promise<T> {
  const file = openFile(path);
  try {
    return await use(file);
  } finally {
    file.close();
  }
}

/** SHA-256 of a whole file in hex, for checkpoint manifests. */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  } catch (error) {
    throw fileError(error, path);
  }
  return hash.digest('hex');
}

/** Writes parts one after another, atomically. Returns the size and the SHA-256 of all bytes. */
async function writeParts(path: string, parts: AsyncIterable<Uint8Array>): Promise<{ bytes: number; sha256: string }> {
  return writeAtomically(path, async (file) => {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const part of parts) {
      hash.update(part);
      await file.writeFile(part);
      bytes += part.length;
    }
    return { bytes, sha256: hash.digest('hex') };
  });
}

/** Writes a safetensors file atomically, tensor by tensor. Returns its size and the SHA-256 of all its bytes. */
export const writeSafetensors = (
  path: string,
  tensors: readonly TensorToWrite[],
  metadata?: Readonly<Record<string, string>>,
): Promise<{ bytes: number; sha256: string }> => writeParts(path, safetensorsParts(tensors, metadata));

/** Writes a file that torch.load reads, atomically, tensor by tensor. Returns its size and SHA-256. */
export const writePth = (path: string, value: TorchValue): Promise<{ bytes: number; sha256: string }> =>
  writeParts(path, pthParts(value));

/** Writes an ONNX model atomically, tensor by tensor. Returns its size and SHA-256. */
export const writeOnnx = (path: string, model: OnnxModel): Promise<{ bytes: number; sha256: string }> =>
  writeParts(path, onnxParts(model));
