// What the editor opens and saves, and its history.

import type { Editor } from '../editor.js';
import { pickFiles, saveFile } from './files.js';
import { openFiles } from './open-files.js';

async function saveProject(editor: Editor): Promise<void> {
  saveFile(await editor.project(), 'drawing.zip');
}

async function saveMaps(editor: Editor): Promise<void> {
  const { labels, instances } = await editor.mapFiles();
  saveFile(labels, 'labels.png');
  saveFile(instances, 'instances.png');
}

async function savePicture(editor: Editor): Promise<void> {
  const image = await editor.picture();
  const context = new OffscreenCanvas(image.width, image.height);
  context.getContext('2d')!.putImageData(image, 0, 0);
  saveFile(await context.convertToBlob({ type: 'image/png' }), 'picture.png');
}

const SAVES = [
  ['Save project', saveProject],
  ['Save maps', saveMaps],
  ['Save picture', savePicture],
] as const;

export function Header({ editor }: { editor: Editor }) {
  const { history, drawing, model } = editor.state;
  const choose = (accept: string, several = false) =>
    pickFiles(accept, several).then((files) => openFiles(editor, files));
  const [undone, redone] = [history.done.at(-1)?.name, history.undone.at(-1)?.name];
  return (
    <header>
      <h1>pix2pixhd</h1>
      <button type="button" onClick={() => choose('.safetensors')}>
        Open checkpoint …
      </button>
      <button type="button" disabled={!model} onClick={() => choose('.png,.zip', true)}>
        Open drawing …
      </button>
      {SAVES.map(([title, save]) => (
        <button key={title} type="button" disabled={!drawing} onClick={() => save(editor).catch(editor.fail)}>
          {title}
        </button>
      ))}
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
