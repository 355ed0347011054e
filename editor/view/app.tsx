import { useEffect, useRef, useState } from 'preact/hooks';
import { kindOf } from '../document/files.js';
import { TOOLS } from '../document/tools.js';
import type { Editor } from '../editor.js';
import type { Progress } from '../painter/messages.js';
import { pickFiles, saveFile } from './files.js';
import { fitted, type Looks, zoomed } from './looks.js';
import { drawOverlay } from './overlay.js';
import { Classes, Layers, Selected, Tools } from './panels.jsx';
import { Stage } from './stage.jsx';

export interface Props {
  editor: Editor;
  labels: HTMLCanvasElement;
  result: HTMLCanvasElement;
  overlay: HTMLCanvasElement;
  /** Calls back whenever the editor's state is new. */
  subscribe(listener: () => void): () => void;
  /** Whether the browser keeps the drawing by itself. */
  autosaves: boolean;
  progress: Progress | undefined;
}

/** A photo as pixels, at the drawing's size where every object is to find its place in it. */
async function pixelsOf(file: Blob, size: { width: number; height: number } | undefined): Promise<ImageData> {
  const bitmap = await createImageBitmap(file);
  const { width, height } = size ?? bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d')!;
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

/** A chosen photo larger than this costs time and says no more of its style. */
const PHOTO_SIDE = 512;

async function openPhoto(editor: Editor, file: Blob): Promise<void> {
  const { drawing, selected } = editor.state;
  if (!drawing) return;
  if (selected === undefined) return editor.styleFromPhoto(await pixelsOf(file, drawing));
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, PHOTO_SIDE / Math.max(bitmap.width, bitmap.height));
  const size = { width: Math.ceil(bitmap.width * scale), height: Math.ceil(bitmap.height * scale) };
  return editor.styleFromPhoto(await pixelsOf(file, size));
}

const readBytes = async (file: Blob) => new Uint8Array(await file.arrayBuffer());

/** Opens whatever files were dropped or chosen: maps together, else one after another. */
export async function openFiles(editor: Editor, files: readonly File[]): Promise<void> {
  try {
    const read = await Promise.all(files.map(async (file) => ({ file, bytes: await readBytes(file) })));
    const all = read.map((each) => ({ ...each, kind: kindOf(each.bytes) }));
    for (const { kind, bytes, file } of all) {
      if (kind === 'checkpoint' && (await editor.loadModel(bytes.buffer as ArrayBuffer, file.name)))
        editor.fitDrawing();
      if (kind === 'project') await editor.openProject(bytes, file.name);
      if (kind === 'photo') await openPhoto(editor, file);
    }
    const pngs = all.filter(({ kind }) => kind === 'map');
    const maps = await Promise.all(pngs.map(({ bytes, file }) => editor.readPng(bytes, file.name)));
    // Class ids seldom need 16 bits, object ids nearly always do; a name may say it.
    const isInstances = ({ path, depth }: { path: string; depth: number }) => /inst/i.test(path) || depth === 16;
    const instances = maps.find(isInstances);
    const labels = maps.find((map) => map !== instances);
    if (labels) editor.openMaps(labels, instances);
    else if (instances)
      editor.say('That is a map of objects: open the label map of the same picture together with it.');
  } catch (error) {
    editor.fail(error);
  }
}

function useEditor({ subscribe }: Props): void {
  const [, redraw] = useState(0);
  useEffect(() => subscribe(() => redraw((n) => n + 1)), []);
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) &&
  target.getAttribute('type') !== 'range' &&
  target.getAttribute('type') !== 'radio';

/** By key, with what it needs held: `^` is control or command, `+` shift. */
function shortcuts(editor: Editor, looks: Looks, setLooks: (looks: Looks) => void): Record<string, () => void> {
  const { size, mode, label } = editor.state;
  const view = () => document.querySelector('.stage')!.getBoundingClientRect();
  const middle = () => ({ x: view().width / 2, y: view().height / 2 });
  const classes = editor.state.model?.manifest.classes.names.length ?? 0;
  return {
    ...Object.fromEntries(TOOLS.map(({ key, name }) => [key, () => editor.set({ tool: name })])),
    '^z': editor.undo,
    '^+z': editor.redo,
    '^y': editor.redo,
    '[': () => editor.set({ size: Math.max(1, size - Math.ceil(size / 8)) }),
    ']': () => editor.set({ size: Math.min(128, size + Math.ceil(size / 8)) }),
    n: () => editor.set({ mode: mode === 'new' ? 'extend' : 'new' }),
    d: editor.duplicateSelected,
    Delete: editor.removeSelected,
    x: editor.randomStyles,
    '+': () => setLooks(zoomed(looks, 1.5, middle())),
    '=': () => setLooks(zoomed(looks, 1.5, middle())),
    '-': () => setLooks(zoomed(looks, 1 / 1.5, middle())),
    '0': () => editor.state.drawing && setLooks(fitted(looks, view(), editor.state.drawing)),
    ',': () => editor.set({ label: (label + classes - 1) % classes }),
    '.': () => editor.set({ label: (label + 1) % classes }),
    Escape: () => editor.select(undefined),
  };
}

export function App(props: Props) {
  useEditor(props);
  const { editor, labels, result, overlay } = props;
  const { model, drawing, history, selected, notice } = editor.state;
  const [looks, setLooks] = useState<Looks>({ zoom: 1, x: 0, y: 0, opacity: 1, wipe: 0 });
  const latest = useRef(looks);
  latest.current = looks;
  const change = (next: Looks) => {
    latest.current = next;
    setLooks(next);
  };
  useEffect(() => drawOverlay(overlay, editor), [selected, drawing, history]);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (isTyping(event.target) || event.altKey) return;
      const held = event.ctrlKey || event.metaKey;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const run = shortcuts(editor, latest.current, change)[
        `${held ? '^' : ''}${held && event.shiftKey ? '+' : ''}${key}`
      ];
      if (!run || event.defaultPrevented) return;
      event.preventDefault();
      run();
    };
    const drag = (event: DragEvent) => event.preventDefault();
    const drop = (event: DragEvent) => {
      event.preventDefault();
      void openFiles(editor, [...(event.dataTransfer?.files ?? [])]);
    };
    const events: [string, (event: any) => void][] = [
      ['keydown', press],
      ['dragover', drag],
      ['drop', drop],
    ];
    for (const [name, listener] of events) addEventListener(name, listener);
    return () => {
      for (const [name, listener] of events) removeEventListener(name, listener);
    };
  }, []);
  return (
    <div class="app">
      <Header {...props} />
      {notice && (
        <p class={`notice ${notice.kind}`} role={notice.kind === 'error' ? 'alert' : 'status'}>
          {notice.text}
          <button type="button" onClick={() => editor.say(undefined)}>
            Close
          </button>
        </p>
      )}
      {drawing && model ? <Tools editor={editor} /> : <nav />}
      {drawing && model ? (
        <Stage editor={editor} looks={looks} setLooks={change} labels={labels} result={result} overlay={overlay} />
      ) : (
        <Welcome {...props} />
      )}
      {drawing && model ? (
        <aside>
          <Classes editor={editor} />
          <Selected
            editor={editor}
            onPhoto={() => pickFiles('image/*').then(([file]) => file && openPhoto(editor, file).catch(editor.fail))}
          />
          <Layers looks={looks} setLooks={change} />
        </aside>
      ) : (
        <aside />
      )}
      <Footer {...props} looks={looks} />
    </div>
  );
}

function Header({ editor }: Props) {
  const { history, drawing, model } = editor.state;
  const choose = (accept: string, several = false) =>
    pickFiles(accept, several).then((files) => openFiles(editor, files));
  const [undone, redone] = [history.done.at(-1)?.name, history.undone.at(-1)?.name];
  const saveProject = async () => saveFile(await editor.project(), 'drawing.zip');
  const saveMaps = async () => {
    const { labels, instances } = await editor.mapFiles();
    saveFile(labels, 'labels.png');
    saveFile(instances, 'instances.png');
  };
  const savePicture = async () => {
    const image = await editor.picture();
    const context = new OffscreenCanvas(image.width, image.height);
    context.getContext('2d')!.putImageData(image, 0, 0);
    saveFile(await context.convertToBlob({ type: 'image/png' }), 'picture.png');
  };
  return (
    <header>
      <h1>pix2pixhd</h1>
      <button type="button" onClick={() => choose('.safetensors')}>
        Open checkpoint …
      </button>
      <button type="button" disabled={!model} onClick={() => choose('.png,.zip', true)}>
        Open drawing …
      </button>
      <button type="button" disabled={!drawing} onClick={() => saveProject().catch(editor.fail)}>
        Save project
      </button>
      <button type="button" disabled={!drawing} onClick={() => saveMaps().catch(editor.fail)}>
        Save maps
      </button>
      <button type="button" disabled={!drawing} onClick={() => savePicture().catch(editor.fail)}>
        Save picture
      </button>
      <span class="space" />
      <button type="button" disabled={!undone} title={`Undo ${undone ?? ''} (Ctrl+Z)`} onClick={editor.undo}>
        Undo
      </button>
      <button type="button" disabled={!redone} title={`Redo ${redone ?? ''} (Ctrl+Shift+Z)`} onClick={editor.redo}>
        Redo
      </button>
    </header>
  );
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

function Welcome({ editor, progress }: Props) {
  const { model } = editor.state;
  if (progress?.what === 'file' && progress.done !== progress.total) {
    const { done, total } = progress;
    return (
      <div class="welcome" role="status">
        <p>
          Loading the checkpoint: {megabytes(done)}
          {total ? ` of ${megabytes(total)}` : ''}
        </p>
        {total ? <progress max={total} value={done} /> : <progress />}
      </div>
    );
  }
  return (
    <main class="welcome">
      <h2>{model ? 'Now a drawing' : 'Drop a checkpoint here'}</h2>
      <p>
        {model
          ? 'Drop a label map, with its instance map if there is one, or a project that was saved here.'
          : 'A generator in one safetensors file, as `pix2pixhd export RUN --format safetensors` writes it. It stays on this machine.'}
      </p>
    </main>
  );
}

const time = (ms: number): string => (ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`);

/** The first picture waits for its kernels, on some drivers for seconds. */
function activity({ editor, progress }: Props): string {
  if (!editor.state.painting) return '';
  const compiling = progress?.what === 'kernels' && progress.done < (progress.total ?? 0);
  return compiling ? `Compiling kernels: ${progress.done} of ${progress.total}` : 'Painting …';
}

function Footer({ looks, ...props }: Props & { looks: Looks }) {
  const { editor, autosaves } = props;
  const { timing, drawing, model } = editor.state;
  const { preview, full } = timing;
  return (
    <footer>
      <span role="status">{activity(props)}</span>
      {preview && (
        <span data-time="preview">
          Preview {time(preview.ms)}
          {preview.factor > 1 ? ` at 1/${preview.factor}` : ''}
        </span>
      )}
      {full && <span data-time="full">Full {time(full.ms)}</span>}
      <span class="space" />
      {drawing && (
        <span>
          {drawing.width} × {drawing.height}, {(looks.zoom * 100).toFixed(0)} %
        </span>
      )}
      {model && <span>{model.adapter}</span>}
      <span>{autosaves ? 'Saved in this browser' : 'Not saved by itself here: use Save project'}</span>
    </footer>
  );
}
