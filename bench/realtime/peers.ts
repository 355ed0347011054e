// The same net in other engines, from what `npm run bench -- --full --case demo --json FILE` measured, in Node and with --browser.

import { markdownTable } from '../markdown.js';
import { digits, peersOf, peerText, type Report } from '../report.js';

const whereOf = ({ adapter, where }: Report): string => `${adapter.description}, ${where ?? 'Node'}`;

/** A row a report, of the demo's whole picture in ms. @throws Error where a report has no such row */
export function peersTable(reports: readonly Report[]): string {
  const rows = reports.map((report) => {
    const row = report.rows.find(({ case: name }) => name.startsWith('demo generator'));
    if (!row) throw new Error('a report without the demo generator: measure with --full --case demo');
    return { report, row };
  });
  const peers = peersOf(rows.map(({ row }) => row));
  const cells = rows.map(({ report, row }) => [
    whereOf(report),
    digits(row.ours_ms),
    ...peers.map((name) => peerText(row, name)),
  ]);
  return markdownTable(['demo, 256×256, ms', 'ours', ...peers], cells);
}
