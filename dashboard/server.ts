// What the page asks the server for.

import { useEffect, useState } from 'preact/hooks';
import type { Curves } from '../src/watch/history.js';
import type { RunStatus } from '../src/watch/status.js';
import type { Range, Run, RunSource } from './source.js';

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

async function fetchCurves(number: number, range: Range): Promise<Curves> {
  const query = range ? `?from=${Math.floor(range[0])}&to=${Math.ceil(range[1])}` : '';
  const response = await fetch(`/runs/${number}/curves${query}`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.json();
}

async function fetchSheet(number: number, step: number): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(`/runs/${number}/samples/${step}.png`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

export const SERVER: RunSource = { curves: fetchCurves, sheet: fetchSheet };
