// The page: opens what it was given, and shows why not where it cannot.

import { render } from 'preact';
import { openAutosave } from './autosave.js';
import { createEditor, type Editor } from './editor.js';
import type { Progress } from './painter/messages.js';
import { remotePainter, whyNot } from './painter/remote.js';
import { findResources, type Resources } from './resources.js';
import { starter } from './starter.js';
import { App, type Props } from './view/app.jsx';
import { drawLabels } from './view/labels.js';
import { AS_OPENED, type Looks } from './view/looks.js';
import { openFiles } from './view/open-files.js';
import { press } from './view/shortcuts.js';
import { WhyNot } from './view/why-not.jsx';

const canvas = (name: string) => Object.assign(document.createElement('canvas'), { className: name });

/** The drawing to begin with: the one of last time, else the example, else one of all classes. */
async function openDrawing(
  editor: Editor,
  { labels, instances }: Resources,
  saved: Uint8Array | undefined,
): Promise<void> {
  if (saved) {
    try {
      return await editor.openProject(saved, 'the drawing of last time');
    } catch {
      // Of another checkpoint, or torn: the example does.
    }
  }
  if (labels) {
    const objects = instances && (await editor.readPng(instances, 'instances.png'));
    editor.openMaps(await editor.readPng(labels, 'labels.png'), objects);
  } else editor.open(starter(editor.state.model!.manifest.encoding));
}

/** Keys and dropped files, wherever on the page they are. */
function listen(editor: Editor, page: Pick<Props, 'looks' | 'setLooks'>): void {
  addEventListener('keydown', (event) => press(editor, page.looks, page.setLooks, event));
  addEventListener('dragover', (event) => event.preventDefault());
  addEventListener('drop', (event) => {
    event.preventDefault();
    void openFiles(editor, [...(event.dataTransfer?.files ?? [])]);
  });
}

async function start(): Promise<void> {
  const resources = await findResources();
  const worker = resources.worker();
  const reason = await whyNot(worker);
  if (reason) return render(<WhyNot {...reason} />, document.body);
  const [labels, result, overlay] = [canvas('labels'), canvas('result'), canvas('overlay')];
  const setLooks = (looks: Looks) => show({ looks });
  const page: Omit<Props, 'editor'> = { labels, result, overlay, looks: AS_OPENED, setLooks, autosaves: false };
  const progress = (progress: Progress) => show({ progress });
  const painter = remotePainter(worker, result.transferControlToOffscreen(), progress);
  let keep = (_: Editor) => {};
  const editor = createEditor(painter, {
    changed: () => show({}),
    drawn(box) {
      const { drawing, model } = editor.state;
      if (!drawing || !model) return;
      drawLabels(labels, drawing, model.manifest.classes.palette, box);
      keep(editor);
    },
  });
  let asked = false;
  /** Draws the page when what runs now has ended, once for all that changed until then. */
  const show = (change: Partial<Props>) => {
    Object.assign(page, change);
    if (asked) return;
    asked = true;
    queueMicrotask(() => {
      asked = false;
      render(<App editor={editor} {...page} />, document.body);
    });
  };
  Object.assign(globalThis, { pix2pixhdEditor: editor });
  const autosave = await openAutosave(resources.name);
  show({ autosaves: autosave !== undefined });
  listen(editor, page);
  if (resources.checkpoint) await editor.loadModel(resources.checkpoint, resources.name);
  if (editor.state.model) await openDrawing(editor, resources, await autosave?.read()).catch(editor.fail);
  if (autosave) keep = ({ state }) => autosave.later(() => painter.project(state.drawing!));
  show({ progress: undefined });
}

void start();
