import { useEffect, useRef, useState } from 'preact/hooks';
import type { Editor } from '../editor.js';
import type { Progress } from '../painter/messages.js';
import { pickFiles } from './files.js';
import { Header } from './header.jsx';
import type { Looks } from './looks.js';
import { openFiles, openPhoto } from './open-files.js';
import { drawOverlay } from './overlay.js';
import { Classes, Layers, Selected, Tools } from './panels.jsx';
import { press } from './shortcuts.js';
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

function useEditor({ subscribe }: Props): void {
  const [, redraw] = useState(0);
  useEffect(() => subscribe(() => redraw((n) => n + 1)), []);
}

/** Hears events wherever they happen, with the listeners of the first time. */
function useEvents(listeners: Record<string, (event: any) => void>): void {
  useEffect(() => {
    for (const [name, listener] of Object.entries(listeners)) addEventListener(name, listener);
    return () => {
      for (const [name, listener] of Object.entries(listeners)) removeEventListener(name, listener);
    };
  }, []);
}

/** How the picture is looked at; `latest` knows of a change before the page is drawn with it. */
function useLooks() {
  const [looks, setLooks] = useState<Looks>({ zoom: 1, x: 0, y: 0, opacity: 1, wipe: 0 });
  const latest = useRef(looks);
  latest.current = looks;
  const change = (next: Looks) => {
    latest.current = next;
    setLooks(next);
  };
  return { looks, latest, change };
}

export function App(props: Props) {
  useEditor(props);
  const { editor, labels, result, overlay } = props;
  const { model, drawing, history, selected } = editor.state;
  const { looks, latest, change } = useLooks();
  useEffect(() => drawOverlay(overlay, editor), [selected, drawing, history]);
  useEvents({
    keydown: (event: KeyboardEvent) => press(editor, latest.current, change, event),
    dragover: (event: DragEvent) => event.preventDefault(),
    drop(event: DragEvent) {
      event.preventDefault();
      void openFiles(editor, [...(event.dataTransfer?.files ?? [])]);
    },
  });
  return (
    <div class="app">
      <Header editor={editor} />
      <Notice editor={editor} />
      {drawing && model ? (
        <>
          <Tools editor={editor} />
          <Stage editor={editor} looks={looks} setLooks={change} labels={labels} result={result} overlay={overlay} />
          <Side editor={editor} looks={looks} setLooks={change} />
        </>
      ) : (
        <>
          <nav />
          <Welcome {...props} />
          <aside />
        </>
      )}
      <Footer {...props} looks={looks} />
    </div>
  );
}

function Notice({ editor }: Pick<Props, 'editor'>) {
  const { notice } = editor.state;
  if (!notice) return null;
  return (
    <p class={`notice ${notice.kind}`} role={notice.kind === 'error' ? 'alert' : 'status'}>
      {notice.text}
      <button type="button" onClick={() => editor.say(undefined)}>
        Close
      </button>
    </p>
  );
}

function Side({ editor, looks, setLooks }: { editor: Editor; looks: Looks; setLooks(looks: Looks): void }) {
  const choosePhoto = async () => {
    const [file] = await pickFiles('image/*');
    if (file) await openPhoto(editor, file).catch(editor.fail);
  };
  return (
    <aside>
      <Classes editor={editor} />
      <Selected editor={editor} onPhoto={choosePhoto} />
      <Layers looks={looks} setLooks={setLooks} />
    </aside>
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
