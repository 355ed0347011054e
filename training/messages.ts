// What the page and its training worker say to each other.

import type { RunConfig } from '../src/train/run-config.js';

/** A run that this browser keeps. */
export interface KeptRun {
  name: string;
  config: RunConfig;
  /** Lines of its log.jsonl. */
  log: string;
  /** Steps of its sheets of samples and of its checkpoints, rising. */
  samples: number[];
  checkpoints: number[];
}

/** A new run. */
export interface Order {
  name: string;
  /** Options of `train` by their camelCase names; the others have their defaults. */
  options: Readonly<Record<string, unknown>>;
  /** Pictures by their paths in the data set, as train_label/a.png; without them the Earth. */
  files?: [path: string, file: Blob][];
}

/** Every call is answered with its result, or an error in words. */
export interface Trainings {
  list(): Promise<KeptRun[]>;
  /** Makes a run's folder and puts the pictures there. */
  create(order: Order): Promise<void>;
  /** Trains a run on from its newest checkpoint, until its end (true) or a pause (false). */
  train(name: string): Promise<boolean>;
  /** Ends the training after the step at hand, with a checkpoint. */
  pause(): Promise<void>;
  /** The folder of a run as a zip, for the command line. */
  zip(name: string): Promise<Blob>;
  remove(name: string): Promise<void>;
  /** The PNG of a step's samples. */
  sheet(name: string, step: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** What the worker says without being asked: of a run, what came to its folder; or what it does, in words. */
export type News = { run: string } & (
  | { begins: KeptRun }
  | { line: string }
  | { pictures: number }
  | { checkpoints: number[] }
  | { says: string }
);
