// The page that trains: shows why not where it cannot.

import { render } from 'preact';
import { WhyNot } from '../editor/view/why-not.jsx';
import { callsTo } from '../src/web/calls.js';
import { whyNot } from '../src/web/why-not.js';
import type { News, Trainings } from './messages.js';
import { createModel } from './model.js';
import { App } from './view/app.jsx';

const METHODS = ['list', 'create', 'train', 'pause', 'zip', 'remove', 'sheet'] as const satisfies (keyof Trainings)[];

/** Steps may come faster than people read. */
const REFRESH_MS = 200;

/** Calls soon after it is asked to, and at most so often. */
function nowAndThen(draw: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    setTimeout(() => {
      asked = false;
      draw();
    }, REFRESH_MS);
  };
}

async function start(): Promise<void> {
  const reason = await whyNot();
  if (reason) return render(<WhyNot {...reason} purpose="train" />, document.body);
  const worker = new Worker(new URL('worker.js', location.href), { type: 'module' });
  const trainings = callsTo<Trainings, News>(worker, METHODS, 'training worker', (news) => model.hear(news));
  const changed = nowAndThen(() => render(<App model={model} />, document.body));
  const model = createModel(trainings, changed);
  Object.assign(globalThis, { pix2pixhdTraining: model });
  await model.open();
}

void start();
