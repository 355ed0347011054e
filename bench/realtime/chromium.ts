// People's strokes on the real page in headless Chromium: from the pointer's event to the picture, and how long the page was blocked.

import type { Page } from 'playwright-core';
import type { PaintRequest } from '../../editor/painter/messages.js';
import type { Opens } from '../../src/edit/opens.js';
import { serveEditor } from '../../src/edit/serve.js';
import { closeBrowser, type OpenPage, openPage } from '../../test/editor/open-page.js';
import { type Realtime, STROKES, type Strokes, WARM } from './measure.js';

/** In the page: notes how long after the pen's last event the first picture came that shows it, and tasks that browsers call long. */
function watch(): void {
  const scope = globalThis as any;
  const { painter } = scope.pix2pixhdEditor;
  const seen = { preview: [] as number[], full: [] as number[], longest: 0 };
  scope.seen = seen;
  let last: number | undefined;
  const drawn = ({ type, buttons }: PointerEvent) => {
    if (buttons > 0 || type === 'pointerup') last = performance.now();
  };
  for (const type of ['pointermove', 'pointerup'] as const) addEventListener(type, drawn, { capture: true });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.longest = Math.max(seen.longest, duration);
  }).observe({ type: 'longtask' });
  const paint = painter.paint;
  painter.paint = async (request: PaintRequest) => {
    const shows = last;
    const painted = await paint(request);
    // One that was asked for before the last event does not show it.
    if (shows !== undefined && shows === last) {
      seen[request.preview ? 'preview' : 'full'].push(performance.now() - shows);
      last = undefined;
    }
    return painted;
  };
}

interface Seen extends Strokes {
  longest: number;
}

const seenBy = (page: Page): Promise<Seen> => page.evaluate(() => (globalThis as any).seen);

/** Down, a little way, up when the preview is there. */
async function stroke({ page, settled }: OpenPage, x: number, y: number): Promise<void> {
  const { mouse } = page;
  const { preview } = await seenBy(page);
  await mouse.move(x, y);
  await mouse.down();
  await mouse.move(x + 20, y + 10);
  await page.waitForFunction((count) => (globalThis as any).seen.preview.length > count, preview.length);
  await mouse.up();
  await settled();
}

export async function inChromium(opens: Opens): Promise<Realtime> {
  const served = await serveEditor(opens, 0);
  const began = performance.now();
  const open = await openPage(served.url, served.close, '[data-time=full]');
  const coldMs = performance.now() - began;
  const { page } = open;
  try {
    await open.settled();
    const [x, y] = await open.at(90, 120);
    await page.evaluate(`(${watch})()`);
    // Previews of every coarseness compile when they first come.
    for (let i = 0; i < WARM; i++) await stroke(open, x, y + 8 * i);
    const before = await seenBy(page);
    for (let i = 1; i <= STROKES; i++) await stroke(open, x + 8 * i, y);
    const { preview, full, longest } = await seenBy(page);
    return {
      where: 'SwiftShader, Chromium',
      coldMs,
      preview: preview.slice(before.preview.length),
      full: full.slice(before.full.length),
      longestBlockMs: longest,
    };
  } finally {
    await open.close();
    await closeBrowser();
  }
}
