// The tools of the palette as data: what each is called, its key, and the shape it makes of where the pen was.

import type { Maps } from './maps.js';
import { bucket, ellipse, type Point, polygon, rectangle, type Shape, stroke } from './shapes.js';

export type ToolName =
  | 'brush'
  | 'eraser'
  | 'line'
  | 'rectangle'
  | 'ellipse'
  | 'lasso'
  | 'bucket'
  | 'eyedropper'
  | 'select'
  | 'pan';

export interface Tool {
  name: ToolName;
  title: string;
  key: string;
  /** Brushes paint as they go; the others once, when the pen is lifted, from where it was. */
  kind: 'stroke' | 'span' | 'click' | 'hand';
  help: string;
}

export const TOOLS: readonly Tool[] = [
  { name: 'brush', title: 'Brush', key: 'b', kind: 'stroke', help: 'Paint the chosen class' },
  {
    name: 'eraser',
    title: 'Eraser',
    key: 'e',
    kind: 'stroke',
    help: 'Bring back what was there when the map was opened',
  },
  { name: 'line', title: 'Line', key: 'l', kind: 'span', help: 'A straight stroke' },
  { name: 'rectangle', title: 'Rectangle', key: 'r', kind: 'span', help: 'A filled rectangle' },
  { name: 'ellipse', title: 'Ellipse', key: 'o', kind: 'span', help: 'A filled ellipse' },
  { name: 'lasso', title: 'Lasso', key: 'a', kind: 'span', help: 'Fill what is drawn around' },
  { name: 'bucket', title: 'Bucket', key: 'g', kind: 'click', help: 'Fill an object as far as it hangs together' },
  { name: 'eyedropper', title: 'Eyedropper', key: 'i', kind: 'click', help: 'Take class and object from the map' },
  { name: 'select', title: 'Select', key: 'v', kind: 'hand', help: 'Choose an object; drag it to move it' },
  { name: 'pan', title: 'Pan', key: 'h', kind: 'hand', help: 'Move the view' },
];

export const toolOf = (name: ToolName): Tool => TOOLS.find((tool) => tool.name === name)!;

/** The shape of a tool that paints once: of all points where the pen was. */
const SPANS: Partial<Record<ToolName, (path: readonly Point[], width: number) => Shape>> = {
  line: (path, width) => stroke(path[0]!, path.at(-1)!, width),
  rectangle: (path) => rectangle(path[0]!, path.at(-1)!),
  ellipse: (path) => ellipse(path[0]!, path.at(-1)!),
  lasso: (path) => polygon(path),
};

/** What a tool paints with its pen on this path; undefined for those that do not paint. */
export function shapeOf(name: ToolName, path: readonly Point[], width: number, maps: Maps): Shape | undefined {
  if (name === 'bucket') return bucket(maps, path.at(-1)!);
  if (toolOf(name).kind === 'stroke') return stroke(path.at(-2) ?? path.at(-1)!, path.at(-1)!, width);
  return SPANS[name]?.(path, width);
}
