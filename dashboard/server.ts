// What the page asks the server for.

import { useEffect, useState } from 'preact/hooks';
import type { Curves } from '../src/watch/history.js';
import type { RunStatus } from '../src/watch/run.js';

export type { Curves };

/** A run and its place in the server's list, which is its address and its colour. */
export interface Run extends RunStatus {
  number: number;
}

/** All runs, kept up to date; the browser connects again by itself. */
export function useRuns(): { runs: Run[]; connected: boolean } {
  const [runs, setRuns] = useState<Run[]>([]);
  const [connected, setConnected] = useState(true);
  useEffect(() => {
    const events = new EventSource('/events');
    events.onopen = () => setConnected(true);
    events.onerror = () => setConnected(false);
    events.onmessage = ({ data }) => {
      const { run: number, status } = JSON.parse(data) as { run: number; status: RunStatus };
      setRuns((before) => {
        const others = before.filter((run) => run.number !== number);
        return [...others, { ...status, number }].sort((a, b) => a.number - b.number);
      });
    };
    return () => events.close();
  }, []);
  return { runs, connected };
}

/** Steps shown; null: all. */
export type Range = readonly [from: number, to: number] | null;

async function fetchCurves(number: number, range: Range): Promise<Curves> {
  const query = range ? `?from=${Math.floor(range[0])}&to=${Math.ceil(range[1])}` : '';
  const response = await fetch(`/runs/${number}/curves${query}`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.json();
}

/** The curves of some runs, by their numbers; asked for again where a run has news or the range is another. */
export function useCurves(runs: readonly Run[], range: Range): ReadonlyMap<number, Curves> {
  const [curves, setCurves] = useState<ReadonlyMap<number, Curves>>(new Map());
  const wanted = JSON.stringify([range, runs.map(({ number, version }) => [number, version])]);
  useEffect(() => {
    let outdated = false;
    const all = runs.map(async ({ number }) => [number, await fetchCurves(number, range)] as const);
    Promise.all(all).then(
      (entries) => outdated || setCurves(new Map(entries)),
      () => {}, // the stream says that the server is away, and comes again with news
    );
    return () => {
      outdated = true;
    };
  }, [wanted]);
  return curves;
}

export async function fetchSheet(number: number, step: number): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(`/runs/${number}/samples/${step}.png`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
