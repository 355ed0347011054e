// Where what is shown comes from: a server, or the page's own worker.

import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { Curves } from '../src/watch/history.js';
import type { RunStatus } from '../src/watch/status.js';

/** A run and its place in the list, which is its address and its colour. */
export interface Run extends RunStatus {
  number: number;
}

/** Steps shown; null: all. */
export type Range = readonly [from: number, to: number] | null;

/** Parts of runs that are asked for when they are shown. */
export interface RunSource {
  curves(number: number, range: Range): Promise<Curves>;
  /** The PNG of a step's samples. */
  sheet(number: number, step: number): Promise<Uint8Array<ArrayBuffer>>;
}

export const Source = createContext<RunSource>({
  curves: () => Promise.reject(new Error('no source of curves')),
  sheet: () => Promise.reject(new Error('no source of sheets')),
});

/** The curves of some runs, by their numbers; asked for again where a run has news or the range is another. */
export function useCurves(runs: readonly Run[], range: Range): ReadonlyMap<number, Curves> {
  const source = useContext(Source);
  const [curves, setCurves] = useState<ReadonlyMap<number, Curves>>(new Map());
  const wanted = JSON.stringify([range, runs.map(({ number, version }) => [number, version])]);
  useEffect(() => {
    let outdated = false;
    const all = runs.map(async ({ number }) => [number, await source.curves(number, range)] as const);
    Promise.all(all).then(
      (entries) => outdated || setCurves(new Map(entries)),
      () => {}, // whoever has them says why not, and comes again with news
    );
    return () => {
      outdated = true;
    };
  }, [wanted]);
  return curves;
}
