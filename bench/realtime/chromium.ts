// People's strokes on the real page in headless Chromium: from the pointer's event to the picture, and how long the page was blocked.

import type { Page } from 'playwright-core';
import type { Opens } from '../../src/edit/opens.js';
import { serveEditor } from '../../src/edit/serve.js';
import { closeBrowser, type OpenPage, openPage } from '../../test/editor/open-page.js';
import { type Realtime, STROKES, type Strokes, WARM } from './measure.js';

/** In the page: notes when the pointer last moved and when pictures came after that, and tasks that browsers call long. */
function watch(): void {
  const scope = globalThis as any;
  const timing = () => scope.pix2pixhdEditor.state.timing;
  const seen = { moved: 0, preview: [] as number[], full: [] as number[], longest: 0 };
  scope.seen = seen;
  const moved = () => {
    seen.moved = performance.now();
  };
  addEventListener('pointermove', moved, { capture: true });
  addEventListener('pointerdown', moved, { capture: true });
  addEventListener('pointerup', moved, { capture: true });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.longest = Math.max(seen.longest, duration);
  }).observe({ type: 'longtask' });
  let last = timing();
  const look = () => {
    const now = timing();
    for (const kind of ['preview', 'full'] as const) {
      if (now[kind] !== last[kind]) seen[kind].push(performance.now() - seen.moved);
    }
    last = now;
    setTimeout(look);
  };
  look();
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
