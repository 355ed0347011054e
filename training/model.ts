// What the page knows of its runs, and what it can do with them; nothing of how it looks.

import type { RunSource } from '../dashboard/source.js';
import { addLine, curvesOf, type History, newHistory } from '../src/watch/history.js';
import { type RunStatus, statusOf } from '../src/watch/status.js';
import type { KeptRun, News, Order, Trainings } from './messages.js';

/** Points of a curve: more than a chart has pixels. */
const POINTS = 2000;

interface Shown {
  kept: KeptRun;
  history: History;
  version: number;
}

export interface State {
  /** The run that trains, and whether it is asked to pause. */
  training?: string;
  pausing: boolean;
  /** What the training says of itself, and what went wrong, in words. */
  says: string;
  error?: string;
}

export interface Model {
  readonly state: State;
  /** By name; a run's place is its number. */
  runs(): RunStatus[];
  source: RunSource;
  /** Reads what the browser keeps. */
  open(): Promise<void>;
  start(order: Order): Promise<void>;
  goOn(name: string): Promise<void>;
  pause(): Promise<void>;
  zip(name: string): Promise<Blob | undefined>;
  remove(name: string): Promise<void>;
  /** Hears what the worker says. */
  hear(news: News): void;
  fail(error: unknown): void;
}

function shownOf(kept: KeptRun): Shown {
  const history = newHistory();
  for (const line of kept.log.split('\n')) if (line) addLine(history, line);
  return { kept, history, version: 1 };
}

/** The runs with one more, or one anew; by name. */
const withRun = (runs: readonly Shown[], kept: KeptRun): Shown[] =>
  [...runs.filter((run) => run.kept.name !== kept.name), shownOf(kept)].sort((a, b) =>
    a.kept.name < b.kept.name ? -1 : 1,
  );

/** Puts news of a run with what is known of it. */
function learn(run: Shown, news: News): void {
  run.version++;
  if ('line' in news) addLine(run.history, news.line);
  if ('pictures' in news) run.kept.samples = [...new Set([...run.kept.samples, news.pictures])].sort((a, b) => a - b);
  if ('checkpoints' in news) run.kept.checkpoints = news.checkpoints;
}

/** What the dashboard's components ask for, of the run at a place. */
const sourceOf = (trainings: Trainings, runAt: (place: number) => Shown): RunSource => ({
  async curves(place, range) {
    const [from, to] = range ?? [0, Number.POSITIVE_INFINITY];
    return curvesOf(runAt(place).history, from, to, POINTS);
  },
  sheet: (place, step) => trainings.sheet(runAt(place).kept.name, step),
});

/** The state, and work that changes it; what goes wrong is told in it. */
function createDesk(changed: () => void) {
  const state: State = { pausing: false, says: '' };
  const set = (change: Partial<State>) => {
    Object.assign(state, change);
    changed();
  };
  const fail = (error: unknown) => set({ error: (error as Error).message });

  async function doing<T>(action: () => Promise<T>): Promise<T | undefined> {
    set({ error: undefined });
    try {
      return await action();
    } catch (error) {
      fail(error);
      return undefined;
    }
  }

  async function trains(name: string, action: () => Promise<boolean>): Promise<void> {
    set({ training: name, pausing: false, says: 'Opening …' });
    const ended = await doing(action);
    const says = { true: 'The training has ended.', false: 'Paused; the checkpoint is saved.', undefined: '' };
    set({ training: undefined, pausing: false, says: says[`${ended}`] });
  }
  return { state, set, fail, doing, trains };
}

/** @param changed is called whenever something is new */
export function createModel(trainings: Trainings, changed: () => void): Model {
  let shown: Shown[] = [];
  const { state, set, fail, doing, trains } = createDesk(changed);
  return {
    state,
    runs: () => shown.map(({ kept, history, version }) => statusOf(kept.name, version, history, kept)),
    source: sourceOf(trainings, (place) => shown[place]!),
    async open() {
      for (const run of (await doing(() => trainings.list())) ?? []) shown = withRun(shown, run);
      changed();
    },
    start: (order) =>
      trains(order.name, async () => {
        await trainings.create(order);
        return trainings.train(order.name);
      }),
    goOn: (name) => trains(name, () => trainings.train(name)),
    async pause() {
      set({ pausing: true });
      await doing(() => trainings.pause());
    },
    zip: (name) => doing(() => trainings.zip(name)),
    async remove(name) {
      await doing(() => trainings.remove(name));
      shown = shown.filter(({ kept }) => kept.name !== name);
      changed();
    },
    hear(news) {
      if ('says' in news) set({ says: news.says });
      if ('begins' in news) shown = withRun(shown, news.begins);
      const run = shown.find(({ kept }) => kept.name === news.run);
      if (!run) return;
      learn(run, news);
      changed();
    },
    fail,
  };
}
