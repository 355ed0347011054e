// The picture follows the brush: while something changes, previews one after another; when the hand rests, the whole in full, and
// behind it whatever else is nice to have. All of it goes one after another, so that a stroke never waits for more than one of them.

import type { Box } from '../document/maps.js';
import { union } from '../document/maps.js';

type Timer = ReturnType<typeof setTimeout>;

type Job = () => Promise<void>;

export interface LoopOptions {
  /** Paints the part in preview, or without a part the whole in full. Never rejects. */
  paint(preview: Box | undefined): Promise<void>;
  /** Whether the pen is down. */
  busy(): boolean;
  /** How long a hand rests before the full picture comes. */
  restMs?: number;
  setTimer?: (fn: () => void, ms: number) => Timer;
  clearTimer?: (timer: Timer | undefined) => void;
}

export interface Loop {
  /** Something changed there. */
  touch(box: Box): void;
  /** Paint all in full, as soon as what is being painted is done. */
  full(): void;
  /**
   * Done one after another, whenever the picture is whole; instead of those that still waited. They must not reject.
   */
  spare(jobs: readonly Job[]): void;
  /** Resolves when the picture is whole. */
  idle(): Promise<void>;
}

/** Does what `next` gives, one thing at a time, until it gives nothing. */
function inTurn(next: () => Job | undefined): Job {
  let running = false;
  return async () => {
    if (running) return;
    running = true;
    for (let job = next(); job; job = next()) await job();
    running = false;
  };
}

export function paintingLoop(options: LoopOptions): Loop {
  const { paint, busy, restMs = 150, setTimer = setTimeout, clearTimer = clearTimeout } = options;
  let dirty: Box | undefined;
  let wantsFull = false;
  let painting = false;
  let timer: Timer | undefined;
  let jobs: Job[] = [];
  let waiting: (() => void)[] = [];

  const isWhole = () => !painting && !dirty && !wantsFull && timer === undefined;
  const settle = () => {
    if (!isWhole()) return;
    for (const done of waiting) done();
    waiting = [];
  };
  const picture = async () => {
    // A full picture shows what was touched too.
    const preview = wantsFull ? undefined : dirty;
    dirty = undefined;
    wantsFull = false;
    painting = true;
    await paint(preview);
    painting = false;
    settle();
  };
  // So no queue builds up behind a slow device; what came meanwhile is painted together.
  const run = inTurn(() => (dirty || wantsFull ? picture : isWhole() ? jobs.shift() : undefined));
  const stop = () => {
    clearTimer(timer);
    timer = undefined;
  };
  /** For the hand to rest. */
  const wait = () => {
    stop();
    timer = setTimer(() => (busy() ? wait() : full()), restMs);
  };
  const full = () => {
    stop();
    wantsFull = true;
    void run();
  };

  return {
    touch(box) {
      dirty = union(dirty, box);
      wait();
      void run();
    },
    full,
    spare(given) {
      jobs = [...given];
      void run();
    },
    idle: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        settle();
      }),
  };
}
