import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Place } from './sheet.js';

/** Where the first picture ends and the last one begins, as parts of the width, rising. */
export type Wiped = readonly [number, number];

interface Props {
  bitmap: ImageBitmap;
  /** Label, generated, real: places of the same size; or any other number of them, which then stand side by side. */
  row: Place[];
  wiped: Wiped;
  onWipe(wiped: Wiped): void;
}

/** Columns of `place` between two parts of its width. */
function drawPart(context: CanvasRenderingContext2D, bitmap: ImageBitmap, place: Place, from: number, to: number) {
  const [left, top, width, height] = place;
  const [x0, x1] = [Math.round(from * width), Math.round(to * width)];
  if (x1 > x0) context.drawImage(bitmap, left + x0, top, x1 - x0, height, x0, 0, x1 - x0, height);
}

function drawWiped(context: CanvasRenderingContext2D, bitmap: ImageBitmap, row: Place[], [a, b]: Wiped): void {
  const [, , width, height] = row[0]!;
  const bounds = [0, a, b, 1];
  row.forEach((place, i) => drawPart(context, bitmap, place, bounds[i]!, bounds[i + 1]!));
  context.fillStyle = '#fff';
  for (const at of [a, b]) if (at > 0 && at < 1) context.fillRect(Math.round(at * width), 0, 1, height);
}

function drawBeside(context: CanvasRenderingContext2D, bitmap: ImageBitmap, row: Place[]): void {
  let x = 0;
  for (const [left, top, width, height] of row) {
    context.drawImage(bitmap, left, top, width, height, x, 0, width, height);
    x += width;
  }
}

/** Three pictures over each other; dragging moves the nearer divider. */
export function Wipe({ bitmap, row, wiped, onWipe }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const three = row.length === 3;
  const width = three ? row[0]![2] : row.reduce((sum, place) => sum + place[2], 0);
  const height = Math.max(...row.map((place) => place[3]));
  // Before the next frame: what is seen is never behind the dividers.
  useLayoutEffect(() => {
    const context = canvas.current!.getContext('2d')!;
    if (three) drawWiped(context, bitmap, row, wiped);
    else drawBeside(context, bitmap, row);
  }, [bitmap, row, wiped]);
  const drag = (event: PointerEvent) => {
    if (!three || event.buttons === 0) return;
    const { left, width: shown } = canvas.current!.getBoundingClientRect();
    const at = Math.min(1, Math.max(0, (event.clientX - left) / shown));
    const first = Math.abs(at - wiped[0]) < Math.abs(at - wiped[1]) || at < wiped[0];
    onWipe(first ? [at, wiped[1]] : [wiped[0], at]);
  };
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label="label, generated and real picture"
      width={width}
      height={height}
      onPointerDown={drag}
      onPointerMove={drag}
    />
  );
}
