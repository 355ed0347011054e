// The picture: labels below, the painted result on it, what is chosen above; zoom, pan, and the pen.

import { useEffect, useRef } from 'preact/hooks';
import { toolOf } from '../document/tools.js';
import type { Editor } from '../editor.js';
import { useKeys, usePointers } from './hands.js';
import { fitted, type Looks } from './looks.js';

interface Props {
  editor: Editor;
  looks: Looks;
  setLooks(looks: Looks): void;
  labels: HTMLCanvasElement;
  result: HTMLCanvasElement;
  overlay: HTMLCanvasElement;
}

export function Stage(props: Props) {
  const { editor, looks, setLooks, labels, result, overlay } = props;
  const stage = useRef<HTMLDivElement>(null);
  const paper = useRef<HTMLDivElement>(null);
  const { drawing, tool } = editor.state;

  useEffect(() => paper.current!.append(labels, result, overlay), []);
  useEffect(() => {
    if (drawing) setLooks(fitted(looks, stage.current!.getBoundingClientRect(), drawing));
  }, [drawing?.width, drawing?.height]);

  const { width, height } = drawing ?? { width: 1, height: 1 };
  return (
    <div
      ref={stage}
      class={`stage tool-${tool}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it is drawn on with keys too
      tabIndex={0}
      role="application"
      aria-label={`Drawing, ${width} by ${height} pixels, ${toolOf(tool).title}. Arrow keys move the pen, space puts it down and lifts it.`}
      {...usePointers(props)}
      {...useKeys(props)}
    >
      <div
        ref={paper}
        class="paper"
        style={{
          width: `${width}px`,
          height: `${height}px`,
          transform: `translate(${looks.x}px, ${looks.y}px) scale(${looks.zoom})`,
          '--opacity': looks.opacity,
          '--wipe': `${looks.wipe * 100}%`,
        }}
      />
    </div>
  );
}
