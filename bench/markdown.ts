// bench/RESULTS.md: of every report a table of goals, ours beside each, and what is missed in plain words.

import { ROLE_NAMES } from './cases.js';
import { MOST } from './goals.js';
import { EFFORTS } from './measure.js';
import {
  cellsOf,
  digits,
  dispatchText,
  growthCells,
  growthText,
  header,
  meansText,
  peersOf,
  type Report,
  tileCells,
  type Verdict,
  verdictsOf,
} from './report.js';
import { type Row, TOLERANCE } from './rows.js';

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

const titleOf = ({ adapter, where }: Report): string => (where ? `${adapter.name} in ${where}` : adapter.name);

const titled = (cells: readonly (readonly string[])[]): string => markdownTable(cells[0]!, cells.slice(1));

const TILES_TEXT = `Milliseconds, in brackets GF/s, of the kernels that GPUs start with, forced one after the other and each held to the result of
what is chosen here. They are no choice for a processor, where workgroup memory is memory like any other and a barrier costs a pass over
all threads; this tells that they run and are right, not what a GPU takes.`;

/** What the tiles of workgroups take, and how cost grows: where they were measured. */
const furtherSections = ({ tiles, growth }: Report): string[] => [
  ...(tiles ? ['### Tiles for GPUs', TILES_TEXT, titled(tileCells(tiles))] : []),
  ...(growth ? ['### Cost by size', growthText(growth), titled(growthCells(growth))] : []),
];

function sectionOf(report: Report): string {
  const { adapter, date, versions, roofline, dispatch, rows } = report;
  const verdicts = verdictsOf(rows);
  const peers = peersOf(rows);
  const failures = rows.flatMap((row) =>
    Object.entries(row.failed).map(([name, why]) => `- ${row.case}, ${ROLE_NAMES[row.role]}: ${name}: ${why}`),
  );
  const host = `${dispatch ? `${dispatchText(dispatch)} (goals: at most ${MOST.usPerDispatch} µs and ${MOST.memoryRatio}).` : ''}`;
  return [
    `## ${titleOf(report)}`,
    `${date}, ${adapter.description}; ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(
        ', ',
      )}. At the start the adapter did ${digits(roofline.gflops)} GF/s of multiply-adds and copied ${digits(roofline.gbps)} GB/s.`,
    host,
    `Geometric means: ${meansText(rows)}.`,
    missedText(verdicts),
    markdownTable(['case', 'against', 'ours', 'goal', ''], verdicts.map(verdictCells)),
    '### Times',
    markdownTable(
      header(peers),
      rows.map((row) => cellsOf(row, peers)),
    ),
    ...furtherSections(report),
    failures.length > 0 ? `Left out:\n\n${failures.join('\n')}` : '',
  ]
    .filter(Boolean)
    .join('\n\n');
}

const INTRODUCTION = `# Speed

Written by \`npm run bench -- --markdown FILE…\` from what \`npm run bench -- --json FILE\` measured. All engines on the same adapter, in one
process, in rounds one after the other; medians of the milliseconds from a call to the end of its work, warmed, nothing read
back. In brackets how many times our time a peer takes. All in f32; a result must be ours within ${TOLERANCE} of its rms before
anything is timed. Ours transforms weights in every run, as training has to; a
generator alone keeps those that outweigh its maps, as when it paints. Of a labelled picture ours gets the ids, from which it looks
the first layer's weights up, and peers the one-hot planes of the same labels.

GF/s are those of the direct convolution, so Winograd may pass 100 % of the roofline, which is what the adapter does of
multiply-adds in registers in the same rounds; a norm's roofline is the bytes that a kernel copies. The times of onnxruntime
hold the copies of input and output, some milliseconds, which its binding for Node always makes. \`ort-cpu\` is native code on
the same processor and no WebGPU: it tells what a software adapter costs. In Chromium (\`--browser\`) onnxruntime-web keeps input and
output on its device, and \`ort-wasm\` is what \`ort-cpu\` is in Node. Whoever waits for Dawn in Node keeps a processor busy by asking; this project
has the event loop rest meanwhile (\`src/device/resting.ts\`), here for TensorFlow.js too, which by itself would take up to
twice as long on two processors.

What bounds the goals that are missed on software adapters: lavapipe makes a load or store a checked branch for every lane, 8 to 14 instructions a
number where a sum is three to five for eight of them, so that most of a convolution is loading, the more of it the fewer sums there are
for a number: at 64 channels and with a stride. SwiftShader has four lanes for eight.

Milliseconds depend on what else the machine did, and differ by half between runs on a shared one; ratios within a row hold
better. Under \`--quick\` an engine that takes more than ${EFFORTS.quick.budgetMs} ms is timed
once. A peer whose result is wrong is left out of its row, and listed. In the training step, whose four losses are held to
1e-4, TensorFlow.js forms the gradient of a mirrored border as if it were zeros, which is less work.`;

const keyOf = ({ case: name, role }: Pick<Row, 'case' | 'role'>): string => `${name}, ${role}`;

/** Runs on one adapter in one place as one report: of a row that several measured, the last. */
function merged(reports: readonly Report[]): Report {
  const rows = new Map(reports.flatMap(({ rows }) => rows).map((row) => [keyOf(row), row]));
  const tiles = new Map(reports.flatMap(({ tiles = [] }) => tiles).map((row) => [keyOf(row), row]));
  const growth = reports.findLast(({ growth }) => growth)?.growth;
  return { ...reports[0]!, rows: [...rows.values()], tiles: tiles.size > 0 ? [...tiles.values()] : undefined, growth };
}

export function markdownOf(reports: readonly Report[]): string {
  const titles = [...new Set(reports.map(titleOf))];
  const sections = titles.map((title) => sectionOf(merged(reports.filter((report) => titleOf(report) === title))));
  return `${[INTRODUCTION, ...sections].join('\n\n')}\n`;
}
