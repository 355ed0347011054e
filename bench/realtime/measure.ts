// What real time means for the editor, as numbers.

/** Milliseconds, of every stroke. */
export interface Strokes {
  preview: number[];
  full: number[];
}

export interface Realtime extends Strokes {
  /** Where it was painted, for people. */
  where: string;
  /** From opening the page, or the checkpoint, to the first finished picture. */
  coldMs: number;
  /** Longest time in which a page could answer no input; 0 below the 50 ms from which browsers tell. */
  longestBlockMs?: number;
}

/** Pixels of a side of the demo. */
export const SIDE = 256;
export const STROKES = 5;
/** The first preview of each coarseness compiles; that many strokes do not count. */
export const WARM = 3;

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

const ms = (value: number): string => `${value.toFixed(0)} ms`;

const blockText = ({ longestBlockMs }: Realtime): string => {
  if (longestBlockMs === undefined) return '–';
  return longestBlockMs === 0 ? 'below 50 ms' : ms(longestBlockMs);
};

/** A row for every place. */
export function realtimeTable(rows: readonly Realtime[]): string {
  const lines = rows.map((row) => {
    const { where, coldMs, preview, full } = row;
    const cells = [where, ms(median(preview)), ms(Math.max(...preview)), ms(median(full)), ms(coldMs), blockText(row)];
    return `| ${cells.join(' | ')} |`;
  });
  const head =
    '| demo, 256×256 | stroke to preview | slowest | stroke to full picture | first picture | page blocked |';
  return [head, '|---|---:|---:|---:|---:|---:|', ...lines].join('\n');
}
