// The editor's painter without a page: what strokes take on this machine's adapter.

import { createPainter } from '../../editor/painter/painter.js';
import { decodePng } from '../../src/data/png.js';
import { infoOf } from '../../src/device/device.js';
import { chooseAdapter, leaveProcessors } from '../../src/device/node.js';
import type { Opens } from '../../src/edit/opens.js';
import { fakeCanvas } from '../../test/editor/fake-canvas.js';
import { type Realtime, SIDE, STROKES, type Strokes, WARM } from './measure.js';

const idsOf = (png: Uint8Array): Uint16Array => Uint16Array.from(decodePng(png).data);

/** A stroke of another class, and where it was drawn. */
function drawStroke(labels: Uint16Array, number: number) {
  const box = { left: 40 + 20 * number, top: 100, right: 60 + 20 * number, bottom: 120 };
  for (let y = box.top; y < box.bottom; y++)
    for (let x = box.left; x < box.right; x++) labels[y * SIDE + x] = 7 - (number % 4);
  return box;
}

export async function inNode({ checkpoint, labels, instances, name }: Opens): Promise<Realtime> {
  const { adapter, reason } = await chooseAdapter();
  // As in a page, which waits without asking.
  if (infoOf(adapter, reason).isFallback) await leaveProcessors();
  const gpu = { requestAdapter: async () => adapter };
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  const maps = { width: SIDE, height: SIDE, labels: idsOf(labels!), instances: idsOf(instances!) };
  const painter = createPainter(fakeCanvas().canvas, () => {});
  const request = { maps, styles: new Map(), seed: 1 };
  const began = performance.now();
  await painter.load(checkpoint.slice().buffer, name);
  await painter.paint(request);
  const coldMs = performance.now() - began;
  const strokes: Strokes = { preview: [], full: [] };
  for (let i = -WARM; i < STROKES; i++) {
    const preview = drawStroke(maps.labels, Math.abs(i));
    const coarse = await painter.paint({ ...request, preview });
    const whole = await painter.paint(request);
    if (i < 0) continue;
    strokes.preview.push(coarse.ms);
    strokes.full.push(whole.ms);
  }
  return { where: `${infoOf(adapter, reason).description}, Node`, coldMs, ...strokes };
}
