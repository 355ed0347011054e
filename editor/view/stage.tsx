// The picture: labels below, the painted result on it, what is chosen above; zoom, pan, and the pen.

import { useEffect, useRef } from 'preact/hooks';
import type { Point } from '../document/shapes.js';
import { toolOf } from '../document/tools.js';
import type { Editor } from '../editor.js';
import { drawOverlay } from './overlay.js';

export interface Looks {
  zoom: number;
  x: number;
  y: number;
  /** 0: labels alone, 1: the result alone. */
  opacity: number;
  /** Left of it, as a part of the width, the labels show: before and after. */
  wipe: number;
}

interface Props {
  editor: Editor;
  looks: Looks;
  setLooks(looks: Looks): void;
  labels: HTMLCanvasElement;
  result: HTMLCanvasElement;
  overlay: HTMLCanvasElement;
}

const MOST_ZOOM = 32;
const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const between = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most);

/** Zooms around a place of the view, which stays where it is. */
export function zoomed(looks: Looks, by: number, { x, y }: Point): Looks {
  const zoom = between(looks.zoom * by, 0.1, MOST_ZOOM);
  const ratio = zoom / looks.zoom;
  return { ...looks, zoom, x: x - (x - looks.x) * ratio, y: y - (y - looks.y) * ratio };
}

/** The whole picture in the middle of the view. */
export function fitted(looks: Looks, view: DOMRect, { width, height }: { width: number; height: number }): Looks {
  const zoom = Math.min((view.width - 32) / width, (view.height - 32) / height, MOST_ZOOM);
  return { ...looks, zoom, x: (view.width - width * zoom) / 2, y: (view.height - height * zoom) / 2 };
}

export function Stage({ editor, looks, setLooks, labels, result, overlay }: Props) {
  const stage = useRef<HTMLDivElement>(null);
  const paper = useRef<HTMLDivElement>(null);
  const fingers = useRef(new Map<number, Point>());
  const panning = useRef<Point | undefined>(undefined);
  const cursor = useRef<Point>({ x: 0, y: 0 });
  const { drawing, tool } = editor.state;

  useEffect(() => paper.current!.append(labels, result, overlay), []);
  useEffect(() => {
    if (drawing) setLooks(fitted(looks, stage.current!.getBoundingClientRect(), drawing));
  }, [drawing?.width, drawing?.height]);

  const viewPoint = (event: PointerEvent | WheelEvent): Point => {
    const { left, top } = stage.current!.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const mapPoint = ({ x, y }: Point): Point => ({ x: (x - looks.x) / looks.zoom, y: (y - looks.y) / looks.zoom });

  const down = (event: PointerEvent) => {
    stage.current!.setPointerCapture(event.pointerId);
    const point = viewPoint(event);
    fingers.current.set(event.pointerId, point);
    if (fingers.current.size === 2) return editor.pens.cancel();
    if (tool === 'pan' || event.button === 1) panning.current = point;
    else if (event.button === 0) editor.pens.down(mapPoint(point));
  };
  const move = (event: PointerEvent) => {
    const point = viewPoint(event);
    const last = fingers.current.get(event.pointerId);
    if (last) fingers.current.set(event.pointerId, point);
    if (fingers.current.size === 2 && last) return pinch(event.pointerId, last, point);
    if (panning.current) {
      setLooks({ ...looks, x: looks.x + point.x - panning.current.x, y: looks.y + point.y - panning.current.y });
      panning.current = point;
      return;
    }
    // A pen reports more often than a page is drawn; every place counts.
    for (const each of event.getCoalescedEvents?.() ?? []) editor.pens.move(mapPoint(viewPoint(each)));
    editor.pens.move(mapPoint(point));
    drawOverlay(overlay, editor, mapPoint(point));
  };
  const up = (event: PointerEvent) => {
    fingers.current.delete(event.pointerId);
    if (panning.current) panning.current = undefined;
    else editor.pens.up();
  };
  /** Two fingers move and zoom. */
  const pinch = (id: number, last: Point, point: Point) => {
    const other = [...fingers.current].find(([key]) => key !== id)![1];
    const by =
      Math.hypot(point.x - other.x, point.y - other.y) / Math.max(1, Math.hypot(last.x - other.x, last.y - other.y));
    const next = zoomed(looks, by, other);
    setLooks({ ...next, x: next.x + (point.x - last.x) / 2, y: next.y + (point.y - last.y) / 2 });
  };
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    setLooks(zoomed(looks, 2 ** (-event.deltaY / 400), viewPoint(event)));
  };

  /** Arrows move a cross, space puts the pen down and lifts it. */
  const key = (event: KeyboardEvent) => {
    const step = ARROWS[event.key];
    if (step && drawing) {
      event.preventDefault();
      const by = event.shiftKey ? 10 : 1;
      cursor.current = {
        x: between(cursor.current.x + step[0] * by, 0, drawing.width - 1),
        y: between(cursor.current.y + step[1] * by, 0, drawing.height - 1),
      };
      editor.pens.move(cursor.current);
      drawOverlay(overlay, editor, cursor.current);
    } else if (event.key === ' ') {
      event.preventDefault();
      if (editor.pens.path().length > 0) editor.pens.up();
      else editor.pens.down(cursor.current);
    } else if (event.key === 'Escape') editor.pens.cancel();
  };

  const size = drawing ?? { width: 1, height: 1 };
  return (
    <div
      ref={stage}
      class={`stage tool-${tool}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it is drawn on with keys too
      tabIndex={0}
      role="application"
      aria-label={`Drawing, ${size.width} by ${size.height} pixels, ${toolOf(tool).title}. Arrow keys move the pen, space puts it down and lifts it.`}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={up}
      onWheel={wheel}
      onKeyDown={key}
    >
      <div
        ref={paper}
        class="paper"
        style={{
          width: `${size.width}px`,
          height: `${size.height}px`,
          transform: `translate(${looks.x}px, ${looks.y}px) scale(${looks.zoom})`,
          '--opacity': looks.opacity,
          '--wipe': `${looks.wipe * 100}%`,
        }}
      />
    </div>
  );
}
