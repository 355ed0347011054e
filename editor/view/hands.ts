// What hands do on the stage: a mouse or a pen draws, two fingers move and zoom, and keys do without any of them.

import type { TargetedKeyboardEvent, TargetedPointerEvent, TargetedWheelEvent } from 'preact';
import { useRef } from 'preact/hooks';
import type { Point } from '../document/shapes.js';
import type { Editor } from '../editor.js';
import { between, type Looks, onMap, panned, pinched, zoomed } from './looks.js';
import { drawOverlay } from './overlay.js';

interface Props {
  editor: Editor;
  looks: Looks;
  setLooks(looks: Looks): void;
  overlay: HTMLCanvasElement;
}

const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Where in the view something happens. */
function placeIn(view: Element, { clientX, clientY }: MouseEvent): Point {
  const { left, top } = view.getBoundingClientRect();
  return { x: clientX - left, y: clientY - top };
}

/** A pen reports more often than a page is drawn; every place counts. */
function draw({ editor, looks, overlay }: Props, event: TargetedPointerEvent<Element>): void {
  const all = [...(event.getCoalescedEvents?.() ?? []), event];
  const places = all.map((each) => onMap(looks, placeIn(event.currentTarget, each)));
  for (const place of places) editor.pens.move(place);
  drawOverlay(overlay, editor, places.at(-1));
}

/** What the stage hears of pointers. */
export function usePointers(props: Props) {
  const { editor, looks, setLooks } = props;
  const fingers = useRef(new Map<number, Point>()).current;
  const panning = useRef<Point | undefined>(undefined);

  const up = ({ pointerId }: PointerEvent) => {
    fingers.delete(pointerId);
    if (panning.current) panning.current = undefined;
    else editor.pens.up();
  };
  return {
    onPointerDown(event: TargetedPointerEvent<Element>) {
      event.currentTarget.setPointerCapture(event.pointerId);
      const place = placeIn(event.currentTarget, event);
      fingers.set(event.pointerId, place);
      if (fingers.size === 2) return editor.pens.cancel();
      if (editor.state.tool === 'pan' || event.button === 1) panning.current = place;
      else if (event.button === 0) editor.pens.down(onMap(looks, place));
    },
    onPointerMove(event: TargetedPointerEvent<Element>) {
      const place = placeIn(event.currentTarget, event);
      const last = fingers.get(event.pointerId);
      if (last) fingers.set(event.pointerId, place);
      if (fingers.size === 2 && last) {
        const [, other] = [...fingers].find(([id]) => id !== event.pointerId)!;
        setLooks(pinched(looks, other, last, place));
      } else if (panning.current) {
        setLooks(panned(looks, panning.current, place));
        panning.current = place;
      } else draw(props, event);
    },
    onPointerUp: up,
    onPointerCancel: up,
    onWheel(event: TargetedWheelEvent<Element>) {
      event.preventDefault();
      setLooks(zoomed(looks, 2 ** (-event.deltaY / 400), placeIn(event.currentTarget, event)));
    },
  };
}

/** What it hears of keys: arrows move a cross, space puts the pen down and lifts it. */
export function useKeys({ editor, overlay }: Pick<Props, 'editor' | 'overlay'>) {
  const cross = useRef<Point>({ x: 0, y: 0 });
  return {
    onKeyDown(event: TargetedKeyboardEvent<Element>) {
      const { drawing } = editor.state;
      const step = ARROWS[event.key];
      if (step && drawing) {
        event.preventDefault();
        const by = event.shiftKey ? 10 : 1;
        cross.current = {
          x: between(cross.current.x + step[0] * by, 0, drawing.width - 1),
          y: between(cross.current.y + step[1] * by, 0, drawing.height - 1),
        };
        editor.pens.move(cross.current);
        drawOverlay(overlay, editor, cross.current);
      } else if (event.key === ' ') {
        event.preventDefault();
        if (editor.pens.path().length > 0) editor.pens.up();
        else editor.pens.down(cross.current);
      } else if (event.key === 'Escape') editor.pens.cancel();
    },
  };
}
