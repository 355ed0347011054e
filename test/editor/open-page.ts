// The editor as people get it, in headless Chromium: served by `serveEditor`, or as one file from the disk.

import type { Browser, Page } from 'playwright-core';
import type { Maps } from '../../editor/document/maps.js';
import type { Editor } from '../../editor/editor.js';
import { encodePng } from '../../src/data/png.js';
import { opensOf } from '../../src/edit/opens.js';
import { serveEditor } from '../../src/edit/serve.js';
import { launch } from '../browser/chromium.mjs';
import { smallMaps } from './small-maps.js';

export const CHECKPOINT = 'examples/demo/earth.safetensors';
/** SwiftShader on a busy machine. */
export const PATIENCE_MS = 240_000;

const png = (ids: Uint16Array, { width, height }: Maps, wide: boolean) =>
  encodePng({ width, height, channels: 1, data: wide ? ids : Uint8Array.from(ids) });

export const labelsPng = (maps: Maps): Uint8Array => png(maps.labels, maps, false);
export const instancesPng = (maps: Maps): Uint8Array => png(maps.instances, maps, true);

export interface OpenPage {
  page: Page;
  /** What the page complained of: errors, violations of its policy, requests to others. */
  complaints: string[];
  /** Runs in the page. */
  inEditor<T, A>(fn: (editor: Editor, argument: A) => T | Promise<T>, argument?: A): Promise<T>;
  /** Where a place of the map is on the screen. */
  at(x: number, y: number): Promise<[number, number]>;
  /** Until nothing is left to paint. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

let browser: Browser | undefined;

export async function closeBrowser(): Promise<void> {
  await browser?.close();
  browser = undefined;
}

function watch(page: Page, origin: string): string[] {
  const complaints: string[] = [];
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(blob|data):/.test(url)) complaints.push(`asked ${url}`);
  });
  return complaints;
}

/** @param ready what shows that the page is */
export async function openPage(
  url: string,
  close: () => Promise<void> = async () => {},
  ready = '.stage',
): Promise<OpenPage> {
  browser ??= await launch({ canvases: true });
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, locale: 'en-GB' });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const complaints = watch(page, url.startsWith('file:') ? url : new URL(url).origin);
  const closeAll = async () => {
    await context.close();
    await close();
  };
  try {
    await page.goto(url);
    await page.waitForSelector(ready, { state: 'attached' });
  } catch (error) {
    const shown = await page.locator('body').innerText({ timeout: 5000 });
    await closeAll();
    throw new Error(`${(error as Error).message}\nIt shows: ${shown}\nIt complains: ${complaints.join('; ')}`);
  }
  const inEditor: OpenPage['inEditor'] = (fn, argument) =>
    page.evaluate(`(${fn})(globalThis.pix2pixhdEditor, ${JSON.stringify(argument)})`);
  return {
    page,
    complaints,
    inEditor,
    async at(x, y) {
      const box = (await page.locator('.paper').boundingBox())!;
      const { width, height } = await inEditor(({ state }) => ({
        width: state.drawing!.width,
        height: state.drawing!.height,
      }));
      return [box.x + ((x + 0.5) / width) * box.width, box.y + ((y + 0.5) / height) * box.height];
    },
    settled: () => inEditor(({ loop }) => loop.idle()),
    close: closeAll,
  };
}

/** The page of `pix2pixhd edit` with the small maps. */
export async function openEditor(checkpoint = CHECKPOINT): Promise<OpenPage> {
  const maps = smallMaps();
  const opens = await opensOf(checkpoint, {});
  const served = await serveEditor({ ...opens, labels: labelsPng(maps), instances: instancesPng(maps) }, 0);
  return openPage(served.url, served.close);
}
