// What was measured as data, and as the table that the terminal shows.

import { ROLE_NAMES } from './cases.js';
import type { DispatchCost } from './dispatch.js';
import { type Growth, KEPT, keptOf } from './growth.js';
import { geometricMean } from './measure.js';
import type { Roofline } from './roofline.js';
import type { Row } from './rows.js';
import type { TileRow } from './tiles.js';

export interface Report {
  /** As it calls itself, and the name that goals know it by. */
  adapter: { description: string; name: string };
  /** If not in Node. */
  where?: string;
  versions: Record<string, string>;
  date: string;
  roofline: Roofline;
  dispatch?: DispatchCost;
  rows: Row[];
  /** Of every tile of workgroups, wherever they are chosen. */
  tiles?: TileRow[];
  growth?: Growth[];
}

/** Three digits, never an exponent. */
export function digits(value: number): string {
  const whole = Math.floor(Math.log10(Math.abs(value) || 1)) + 1;
  return value.toFixed(Math.max(0, 3 - Math.max(1, whole)));
}

/** Columns as wide as their widest cell, numbers to the right of the first column. */
export function columns(cells: readonly (readonly string[])[]): string {
  const widths = cells[0]!.map((_, c) => Math.max(...cells.map((row) => [...(row[c] ?? '')].length)));
  const line = (row: readonly string[]) =>
    row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!))).join('  ');
  return cells.map((row) => line(row).trimEnd()).join('\n');
}

export const peersOf = (rows: readonly Row[]): string[] => [
  ...new Set(rows.flatMap(({ peers, failed }) => [...Object.keys(peers), ...Object.keys(failed)])),
];

export function peerText({ peers, failed }: Row, name: string): string {
  const time = peers[name];
  if (time) return `${digits(time.ms)} (${digits(time.ratio)}×)`;
  return failed[name] ? 'failed' : '–';
}

export const header = (peers: readonly string[]): string[] => ['case', 'ms', 'GF/s', 'roofline', ...peers, 'kernel'];

export const cellsOf = (row: Row, peers: readonly string[]): string[] => [
  `${row.case}, ${ROLE_NAMES[row.role]}`,
  digits(row.ours_ms),
  row.gflops === null ? '–' : digits(row.gflops),
  row.roofline_pct === null ? '–' : `${row.roofline_pct.toFixed(0)} %`,
  ...peers.map((name) => peerText(row, name)),
  row.candidate,
];

/** Milliseconds, and GF/s of the direct convolution. */
export const tileCells = (tiles: readonly TileRow[]): string[][] => [
  ['case', ...Object.keys(tiles[0]?.tiles ?? {})],
  ...tiles.map(({ case: name, role, tiles }) => [
    `${name}, ${ROLE_NAMES[role]}`,
    ...Object.values(tiles).map(({ ms, gflops }) => `${digits(ms)} (${digits(gflops)})`),
  ]),
];

export const growthCells = (growth: readonly Growth[]): string[][] => [
  ['3×3 64→64', 'ms', 'GF/s'],
  ...growth.map(({ size, ms, gflops }) => [size, digits(ms), digits(gflops)]),
];

export const growthText = (growth: readonly Growth[]): string =>
  `Every size, its runs queued one behind the other, keeps ${(100 * keptOf(growth)).toFixed(0)} % of the best rate (goal: at least ${100 * KEPT} %).`;

export const tableOf = (rows: readonly Row[]): string => {
  const peers = peersOf(rows);
  return columns([header(peers), ...rows.map((row) => cellsOf(row, peers))]);
};

export interface Verdict {
  row: Row;
  against: string;
  goal: number;
  /** Undefined where the peer was not measured. */
  got: number | undefined;
}

/** Every goal of every row, reached or not. */
export const verdictsOf = (rows: readonly Row[]): Verdict[] =>
  rows.flatMap((row) =>
    Object.entries(row.goals).map(([against, goal]) => {
      const got = against === 'roofline' ? (row.roofline_pct ?? undefined) : row.peers[against]?.ratio;
      return { row, against, goal, got };
    }),
  );

/** By peer, over the rows that it took part in. */
export function meanRatios(rows: readonly Row[]): [peer: string, mean: number, rows: number][] {
  return peersOf(rows).flatMap((name) => {
    const ratios = rows.flatMap(({ peers }) => (peers[name] ? [peers[name].ratio] : []));
    return ratios.length > 0 ? [[name, geometricMean(ratios), ratios.length]] : [];
  });
}

export function headText({ adapter, roofline, dispatch, versions }: Report): string {
  const lines = [
    `${adapter.description} (${adapter.name}): ${digits(roofline.gflops)} GF/s of multiply-adds, ${digits(roofline.gbps)} GB/s copied`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
  ];
  if (dispatch) lines.push(dispatchText(dispatch));
  return lines.join('\n');
}

export function dispatchText(cost: DispatchCost): string {
  const { dispatches, unfused, pipelines, usPerDispatch, usMedian, memoryRatio } = cost;
  const share = Math.round((100 * dispatches) / unfused);
  return (
    `Recorded training step: ${dispatches} dispatches, ${unfused} before fusion (${share} %), ${pipelines} pipelines, ` +
    `${digits(usPerDispatch)} µs of host time a dispatch in the best run, ${digits(usMedian)} in the median one, in which a software adapter's threads work` +
    ` beside it; memory ${memoryRatio.toFixed(2)} times the least possible`
  );
}

export const meansText = (rows: readonly Row[]): string =>
  meanRatios(rows)
    .map(([name, mean, count]) => `${digits(mean)}× ${name} over ${count} rows`)
    .join(', ');
