// What stands around the picture: tools, classes, the chosen object with its styles, layers.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Style } from '../../src/generate/styles.js';
import { type DrawnObject, objectsOf } from '../document/objects.js';
import { TOOLS, toolOf } from '../document/tools.js';
import type { Editor } from '../editor.js';
import { ICONS } from './icons.js';
import type { Looks } from './looks.js';

interface Props {
  editor: Editor;
}

export function Tools({ editor }: Props) {
  const { tool } = editor.state;
  return (
    <div class="tools" role="toolbar" aria-label="Tools" aria-orientation="vertical">
      {TOOLS.map(({ name, title, key, help }) => (
        <button
          key={name}
          type="button"
          aria-pressed={tool === name}
          aria-label={title}
          aria-keyshortcuts={key}
          title={`${title} (${key.toUpperCase()}): ${help}`}
          onClick={() => editor.set({ tool: name })}
        >
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d={ICONS[name]} />
          </svg>
        </button>
      ))}
    </div>
  );
}

const rgb = (colour: readonly number[] | undefined) => `rgb(${(colour ?? [128, 128, 128]).join(' ')})`;

const Swatch = ({ colour }: { colour: readonly number[] | undefined }) => (
  <span class="swatch" style={{ background: rgb(colour) }} aria-hidden="true" />
);

export function Classes({ editor }: Props) {
  const { label, model, mode, size } = editor.state;
  const { names, palette } = model!.manifest.classes;
  return (
    <section aria-labelledby="classes">
      <h2 id="classes">Classes</h2>
      <div class="classes" role="radiogroup" aria-labelledby="classes">
        {names.map((name, i) => (
          <label key={name} class="class">
            <input type="radio" name="class" checked={label === i} onChange={() => editor.set({ label: i })} />
            <Swatch colour={palette[i]} />
            {name}
          </label>
        ))}
      </div>
      <label class="row">
        Brush
        <input
          type="range"
          min="1"
          max="128"
          value={size}
          onInput={({ currentTarget }) => editor.set({ size: Number(currentTarget.value) })}
        />
        <output>{size} px</output>
      </label>
      <fieldset class="choice">
        <legend class="hidden">A stroke</legend>
        {(['extend', 'new'] as const).map((value) => (
          <label key={value}>
            <input type="radio" name="mode" checked={mode === value} onChange={() => editor.set({ mode: value })} />
            {value === 'extend' ? 'Extend object' : 'New object'}
          </label>
        ))}
      </fieldset>
    </section>
  );
}

function Preview({ image }: { image: ImageBitmap | undefined }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (!image) return;
    Object.assign(canvas.current!, { width: image.width, height: image.height });
    canvas.current!.getContext('2d')!.drawImage(image, 0, 0);
  }, [image]);
  return <canvas ref={canvas} width="64" height="64" />;
}

const sameStyle = (a: Style | undefined, b: Style): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The styles typical of the object's class, each as it would look here. */
function Strip({ editor, instance }: Props & { instance: number }) {
  const centres = editor.centresOf(instance);
  const [images, setImages] = useState<ImageBitmap[]>([]);
  const chosen = editor.chosenStyle(instance);
  const { history } = editor.state;
  useEffect(() => setImages([]), [instance]);
  useEffect(() => {
    let current = true;
    const show = (image: ImageBitmap, place: number) =>
      current && setImages((all) => Object.assign([...all], { [place]: image }));
    editor.styleStrip(
      instance,
      centres.map((_, i) => i),
      show,
    );
    return () => {
      current = false;
    };
  }, [instance, history]);
  if (centres.length === 0) return <p class="quiet">No styles of this class in the checkpoint.</p>;
  return (
    <fieldset class="strip">
      <legend class="hidden">Styles</legend>
      {centres.map((_, i) => (
        <button
          key={i}
          type="button"
          aria-pressed={sameStyle(chosen, i)}
          aria-label={`Style ${i + 1}`}
          title={`Style ${i + 1}`}
          onClick={() => editor.chooseStyle(instance, i)}
        >
          <Preview image={images[i]} />
        </button>
      ))}
      <button type="button" aria-pressed={chosen === undefined} onClick={() => editor.chooseStyle(instance, undefined)}>
        Drawn
      </button>
    </fieldset>
  );
}

/** What is changed of the object that is chosen. */
function Chosen({ editor, object }: Props & { object: DrawnObject }) {
  const { names, palette } = editor.state.model!.manifest.classes;
  return (
    <>
      <p>
        <Swatch colour={palette[object.label]} />
        {names[object.label]}, number {object.instance}, {object.pixels} pixels
      </p>
      <label class="row">
        Class
        <select
          value={object.label}
          onChange={({ currentTarget }) => editor.reclassSelected(Number(currentTarget.value))}
        >
          {names.map((name, i) => (
            <option key={name} value={i}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <div class="buttons">
        <button type="button" aria-keyshortcuts="d" onClick={editor.duplicateSelected}>
          Duplicate
        </button>
        <button type="button" aria-keyshortcuts="Delete" onClick={editor.removeSelected}>
          Delete
        </button>
      </div>
    </>
  );
}

export function Selected({ editor, onPhoto }: Props & { onPhoto(): void }) {
  const { selected, drawing, model, history } = editor.state;
  const styled = model!.manifest.encoding.features !== undefined;
  // Objects come and go with the history, and counting their pixels takes too long to do it with every change of the state.
  const object = useMemo(
    () => (selected === undefined ? undefined : objectsOf(drawing!).find(({ instance }) => instance === selected)),
    [selected, drawing, history],
  );
  return (
    <section aria-labelledby="object">
      <h2 id="object">Object</h2>
      {object ? (
        <>
          <Chosen editor={editor} object={object} />
          {styled && <Strip editor={editor} instance={object.instance} />}
        </>
      ) : (
        <p class="quiet">Click an object with {toolOf('select').title} (V) to change it.</p>
      )}
      {styled && (
        <div class="buttons">
          <button type="button" aria-keyshortcuts="x" onClick={editor.randomStyles}>
            Random styles
          </button>
          {model!.canEncode && (
            <button type="button" onClick={onPhoto}>
              {object ? 'Style from a photo …' : 'Styles from a photo …'}
            </button>
          )}
        </div>
      )}
    </section>
  );
}

export function Layers({ looks, setLooks }: { looks: Looks; setLooks(looks: Looks): void }) {
  const slider = (name: 'opacity' | 'wipe', title: string) => (
    <label class="row">
      {title}
      <input
        type="range"
        min="0"
        max="1"
        step="0.01"
        value={looks[name]}
        onInput={({ currentTarget }) => setLooks({ ...looks, [name]: Number(currentTarget.value) })}
      />
    </label>
  );
  return (
    <section class="layers" aria-labelledby="layers">
      <h2 id="layers">Layers</h2>
      {slider('opacity', 'Result over labels')}
      {slider('wipe', 'Wipe to labels')}
    </section>
  );
}
