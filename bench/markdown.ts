// bench/RESULTS.md: of every report a table of goals, ours beside each, and what is missed in plain words.

import { ROLE_NAMES } from './cases.js';
import { MOST } from './goals.js';
import {
  cellsOf,
  digits,
  dispatchText,
  header,
  meansText,
  peersOf,
  type Report,
  type Verdict,
  verdictsOf,
} from './report.js';
import { TOLERANCE } from './rows.js';

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, c) => (c === 0 ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

const unit = ({ against }: Verdict): string => (against === 'roofline' ? ' %' : '×');

const isMissed = ({ got, goal }: Verdict): boolean => got !== undefined && got < goal;

function verdictCells(verdict: Verdict): string[] {
  const { row, against, goal, got } = verdict;
  const reached = got === undefined ? 'not measured' : isMissed(verdict) ? '**missed**' : 'reached';
  const value = got === undefined ? '–' : `${digits(got)}${unit(verdict)}`;
  return [`${row.case}, ${ROLE_NAMES[row.role]}`, against, value, `≥ ${goal}${unit(verdict)}`, reached];
}

function missedText(verdicts: readonly Verdict[]): string {
  const measured = verdicts.filter(({ got }) => got !== undefined);
  const missed = measured.filter(isMissed);
  if (missed.length === 0) return `All ${measured.length} goals measured are reached.`;
  const names = missed.map((v) => `${v.row.case}, ${ROLE_NAMES[v.row.role]}, against ${v.against}`);
  return `${missed.length} of ${measured.length} goals measured are missed: ${names.join('; ')}.`;
}

function sectionOf(report: Report): string {
  const { adapter, date, versions, roofline, dispatch, rows } = report;
  const verdicts = verdictsOf(rows);
  const peers = peersOf(rows);
  const failures = rows.flatMap((row) =>
    Object.entries(row.failed).map(([name, why]) => `- ${row.case}, ${ROLE_NAMES[row.role]}: ${name}: ${why}`),
  );
  const host = `${dispatch ? `${dispatchText(dispatch)} (goals: at most ${MOST.usPerDispatch} µs and ${MOST.memoryRatio}).` : ''}`;
  return [
    `## ${adapter.name}`,
    `${date}, ${adapter.description}; ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(
        ', ',
      )}. The adapter does ${digits(roofline.gflops)} GF/s of multiply-adds and copies ${digits(roofline.gbps)} GB/s.`,
    host,
    `Geometric means: ${meansText(rows)}.`,
    missedText(verdicts),
    markdownTable(['case', 'against', 'ours', 'goal', ''], verdicts.map(verdictCells)),
    '### Times',
    markdownTable(
      header(peers),
      rows.map((row) => cellsOf(row, peers)),
    ),
    failures.length > 0 ? `Left out:\n\n${failures.join('\n')}` : '',
  ]
    .filter(Boolean)
    .join('\n\n');
}

const INTRODUCTION = `# Speed

Written by \`npm run bench -- --markdown\`, which merges the reports given. Both sides on the same adapter, in one process and in rounds through all engines; medians
of milliseconds from submission to the end of the work, warmed, nothing read back. In brackets how many times our time a peer takes. All f32,
all results held to ours within ${TOLERANCE} of their rms before anything is timed. Weights are transformed in every run, as training has to.

GF/s are those of the direct convolution, so that Winograd can exceed 100 % of the roofline; a norm's share is of the bytes that a copy
moves. onnxruntime's times hold the copies of input and output, which its binding for Node cannot leave out, and a few
milliseconds at most. \`ort-cpu\` is native code on the same cores, no WebGPU: it is here to tell what a software adapter costs.`;

export const markdownOf = (reports: readonly Report[]): string =>
  `${[INTRODUCTION, ...reports.map(sectionOf)].join('\n\n')}\n`;
