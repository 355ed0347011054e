import { useEffect } from 'preact/hooks';
import type { Editor } from '../editor.js';
import type { Progress } from '../painter/messages.js';
import { pickFiles } from './files.js';
import { Header } from './header.jsx';
import type { Looks } from './looks.js';
import { openPhoto } from './open-files.js';
import { drawOverlay } from './overlay.js';
import { Classes, Layers, Selected, Tools } from './panels.jsx';
import { Stage } from './stage.jsx';

export interface Props {
  editor: Editor;
  labels: HTMLCanvasElement;
  result: HTMLCanvasElement;
  overlay: HTMLCanvasElement;
  looks: Looks;
  setLooks(looks: Looks): void;
  /** Whether the browser keeps the drawing by itself. */
  autosaves: boolean;
  progress?: Progress;
}

/** The page; drawn anew whenever the editor's state is. */
export function App(props: Props) {
  const { editor, overlay } = props;
  const { model, drawing, history, selected } = editor.state;
  useEffect(() => drawOverlay(overlay, editor), [selected, drawing, history]);
  return (
    <div class="app">
      <Header {...props} />
      <Notice {...props} />
      {drawing && model ? (
        <>
          <Tools editor={editor} />
          <Stage {...props} />
          <Side {...props} />
        </>
      ) : (
        <>
          <nav />
          <Welcome {...props} />
          <aside />
        </>
      )}
      <Footer {...props} />
    </div>
  );
}

function Notice({ editor }: Props) {
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

function Side({ editor, looks, setLooks }: Props) {
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

function Footer(props: Props) {
  const { editor, looks, autosaves } = props;
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
