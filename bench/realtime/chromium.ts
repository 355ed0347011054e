// People's strokes on the real page in headless Chromium: from the pointer's event to the picture, and how long the page was blocked.

import type { Page } from 'playwright-core';
import type { Opens } from '../../src/edit/opens.js';
import { serveEditor } from '../../src/edit/serve.js';
import { closeBrowser, openPage } from '../../test/editor/open-page.js';
import { type Realtime, STROKES, type Strokes } from './measure.js';

/** In the page: notes when the pointer last moved and when pictures came after that, and tasks that browsers call long. */
function watch(): void {
  const scope = globalThis as any;
  const { state } = scope.pix2pixhdEditor;
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
  let last = { ...state.timing };
  const look = () => {
    for (const kind of ['preview', 'full'] as const) {
      if (state.timing[kind] !== last[kind]) seen[kind].push(performance.now() - seen.moved);
    }
    last = { ...state.timing };
    setTimeout(look);
  };
  look();
}

interface Seen extends Strokes {
  longest: number;
}

const seenBy = (page: Page): Promise<Seen> => page.evaluate(() => (globalThis as any).seen);

async function stroke(page: Page, at: [number, number], settled: () => Promise<void>): Promise<void> {
  const { mouse } = page;
  await mouse.move(...at);
  await mouse.down();
  await mouse.move(at[0] + 20, at[1] + 10);
  await settled();
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
    // Previews compile when they first come.
    await stroke(page, [x, y], open.settled);
    await page.evaluate(`(${watch})()`);
    for (let i = 1; i <= STROKES; i++) await stroke(page, [x + 8 * i, y], open.settled);
    const { preview, full, longest } = await seenBy(page);
    return { where: 'SwiftShader, Chromium', coldMs, preview, full, longestBlockMs: longest };
  } finally {
    await open.close();
    await closeBrowser();
  }
}
