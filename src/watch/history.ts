// What a run's log.jsonl says, as columns: a number for every step and quantity.

export interface Note {
  step: number;
  text: string;
}

export interface History {
  /** Rising. */
  steps: number[];
  /** As long as `steps`; NaN where a step's line does not have the quantity. */
  columns: Map<string, number[]>;
  notes: Note[];
}

export const newHistory = (): History => ({ steps: [], columns: new Map(), notes: [] });

/** A log that is none of ours shall not fill the memory with names. */
const MOST_COLUMNS = 64;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Forgets what came at `step` or later. */
function cutHistory(history: History, step: number): void {
  const kept = history.steps.findLastIndex((each) => each < step) + 1;
  history.steps.length = kept;
  for (const column of history.columns.values()) column.length = kept;
  history.notes = history.notes.filter((note) => note.step < step);
}

function columnOf({ columns, steps }: History, name: string): number[] | undefined {
  if (!columns.has(name) && columns.size < MOST_COLUMNS)
    columns.set(
      name,
      steps.map(() => Number.NaN),
    );
  return columns.get(name);
}

/**
 * Adds a line of the log. Lines of one step add up to one; a step that comes again, where a run went on from an earlier
 * checkpoint, takes the place of all that followed it. What is no line of a log is passed over.
 */
export function addLine(history: History, line: string): void {
  const record = parsed(line);
  const step = record?.step;
  if (!record || !Number.isSafeInteger(step)) return;
  addRecord(history, step as number, record);
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // half a line, of a power cut
  }
}

function addRecord(history: History, step: number, { step: _, note, ...rest }: Record<string, unknown>): void {
  const { steps, columns } = history;
  if (step < (steps.at(-1) ?? 0)) cutHistory(history, step);
  if (step !== steps.at(-1)) {
    steps.push(step);
    for (const column of columns.values()) column.push(Number.NaN);
  }
  for (const [name, value] of Object.entries(rest)) {
    if (typeof value !== 'number') continue;
    const column = columnOf(history, name);
    if (column) column[steps.length - 1] = value;
  }
  if (typeof note === 'string') history.notes.push({ step, text: note });
}

/** The last value that a quantity has. */
export const latest = ({ columns }: History, name: string): number | undefined =>
  columns.get(name)?.findLast((value) => !Number.isNaN(value));

/** Part of a history to draw. */
export interface Curves {
  steps: number[];
  columns: Record<string, (number | null)[]>;
}

/**
 * The steps from `from` to `to`, in at most `points` points: neighbours are averaged, and a point stands at the last step it is
 * made of. A quantity that has no value there is left out.
 */
export function curvesOf({ steps, columns }: History, from: number, to: number, points: number): Curves {
  const first = steps.findIndex((step) => step >= from);
  const end = steps.findLastIndex((step) => step <= to) + 1;
  if (first < 0 || end <= first) return { steps: [], columns: {} };
  const size = Math.ceil((end - first) / points);
  const starts = Array.from({ length: Math.ceil((end - first) / size) }, (_, i) => first + i * size);
  const reduced = [...columns].map(([name, column]) => {
    return [name, starts.map((start) => meanOf(column, start, Math.min(start + size, end)))] as const;
  });
  return {
    steps: starts.map((start) => steps[Math.min(start + size, end) - 1]!),
    columns: Object.fromEntries(reduced.filter(([, values]) => values.some((value) => value !== null))),
  };
}

function meanOf(values: readonly number[], start: number, end: number): number | null {
  let sum = 0;
  let count = 0;
  for (let i = start; i < end; i++) {
    if (Number.isNaN(values[i])) continue;
    sum += values[i]!;
    count++;
  }
  return count > 0 ? sum / count : null;
}
