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

async function start(): Promise<void> {
  const resources = await findResources();
  const worker = resources.worker();
  const reason = await whyNot(worker);
  if (reason) return render(<WhyNot {...reason} />, document.body);
  const [labels, result, overlay] = ['labels', 'result', 'overlay'].map(canvas) as [
    HTMLCanvasElement,
    HTMLCanvasElement,
    HTMLCanvasElement,
  ];
  const listeners = new Set<() => void>();
  const changed = () => listeners.forEach((listener) => listener());
  const props: Omit<Props, 'editor'> = {
    labels,
    result,
    overlay,
    autosaves: false,
    progress: undefined,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const progress = (progress: Progress) => show({ progress });
  const painter = remotePainter(worker, result.transferControlToOffscreen(), progress);
  let keep = (_: Editor) => {};
  const editor = createEditor(painter, {
    changed,
    drawn(box) {
      const { drawing, model } = editor.state;
      if (!drawing || !model) return;
      drawLabels(labels, drawing, model.manifest.classes.palette, box);
      keep(editor);
    },
  });
  const show = (change: Partial<Props>) => {
    Object.assign(props, change);
    render(<App editor={editor} {...props} />, document.body);
  };
  Object.assign(globalThis, { pix2pixhdEditor: editor });
  const autosave = await openAutosave(resources.name);
  show({ autosaves: autosave !== undefined });
  if (resources.checkpoint) await editor.loadModel(resources.checkpoint, resources.name);
  if (editor.state.model) await openDrawing(editor, resources, await autosave?.read()).catch(editor.fail);
  if (autosave) keep = ({ state }) => autosave.later(() => painter.project(state.drawing!));
  show({ progress: undefined });
}

void start();
