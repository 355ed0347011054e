// What lies over the picture: the brush's ring, the shape that is being pulled open, the border of the object that is chosen.

import type { Maps } from '../document/maps.js';
import type { Point } from '../document/shapes.js';
import type { ToolName } from '../document/tools.js';
import type { Editor } from '../editor.js';

/** Border of an object, as dashes in black and white, one of which shows on any picture. */
function drawBorder(context: CanvasRenderingContext2D, { width, height, instances }: Maps, id: number): void {
  const other = (i: number, exists: boolean) => exists && instances[i] !== id;
  for (let i = 0; i < instances.length; i++) {
    if (instances[i] !== id) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    const sides = other(i - 1, x > 0) || other(i + 1, x + 1 < width);
    const rim = sides || other(i - width, y > 0) || other(i + width, y + 1 < height);
    if (!rim) continue;
    context.fillStyle = (x + y) % 4 < 2 ? '#fff' : '#000';
    context.fillRect(x, y, 1, 1);
  }
}

type Shape = (context: CanvasRenderingContext2D, path: readonly Point[], a: Point, b: Point) => void;

/** What a tool is pulling open from `a` to `b`. */
const SHAPES: Partial<Record<ToolName, Shape>> = {
  rectangle: (context, _, a, b) => context.rect(a.x, a.y, b.x - a.x, b.y - a.y),
  ellipse(context, _, a, b) {
    const [x, y] = [(a.x + b.x) / 2, (a.y + b.y) / 2];
    context.ellipse(x, y, Math.abs(a.x - b.x) / 2, Math.abs(a.y - b.y) / 2, 0, 0, 7);
  },
  lasso(context, path) {
    for (const { x, y } of path) context.lineTo(x, y);
  },
  line(context, _, a, b) {
    context.moveTo(a.x, a.y);
    context.lineTo(b.x, b.y);
  },
};
/** White with a dark edge, which shows on snow and at night. */
const RIM = [
  ['rgb(0 0 0 / 0.6)', 2],
  ['#fff', 1],
] as const;
const ROUND: readonly ToolName[] = ['brush', 'eraser', 'line'];

/** @param at where the pen is */
export function drawOverlay(canvas: HTMLCanvasElement, { state, pens }: Editor, at?: Point): void {
  const { drawing, tool, size, selected } = state;
  if (!drawing) return;
  const { width, height } = drawing;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d')!;
  context.clearRect(0, 0, width, height);
  if (selected !== undefined) drawBorder(context, drawing, selected);
  context.beginPath();
  const path = pens.path();
  if (path.length > 0) SHAPES[tool]?.(context, path, path[0]!, path.at(-1)!);
  if (at && ROUND.includes(tool)) {
    context.moveTo(at.x + size / 2, at.y);
    context.arc(at.x, at.y, size / 2, 0, 7);
  }
  for (const [colour, width] of RIM) {
    Object.assign(context, { strokeStyle: colour, lineWidth: width });
    context.stroke();
  }
}
