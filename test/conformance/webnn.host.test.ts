import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Ops } from '../support/ops.js';
import { type Arr, arr } from '../twin/array.js';
import * as twin from '../twin/index.js';
import { type Row, table, translate, ulpDistance, violation } from './webnn.js';
import { files } from './webnn-files.js';

const ops: Ops<Arr> = twin;
const rows: Row[] = [];

const conformance = suite('webnn: the twin');

for (const [kind, { tests }] of Object.entries(files)) {
  conformance(kind, () => {
    const row: Row = { kind, run: 0, outOfScope: {} };
    for (const test of tests) {
      const built = translate(test, ops, (x) => x);
      if ('outOfScope' in built) {
        row.outOfScope[built.outOfScope] = (row.outOfScope[built.outOfScope] ?? 0) + 1;
        continue;
      }
      row.run++;
      assert.equal(built.output.shape, built.want.shape, test.name);
      const wrong = violation(Float32Array.from(built.output.data), built.want, test.tolerance);
      assert.not(wrong, `${test.name}: ${wrong}`);
    }
    rows.push(row);
  });
}

conformance('counts', () => {
  assert.is(rows.length, Object.keys(files).length);
  const run = rows.reduce((n, row) => n + row.run, 0);
  console.log(`\n${table(rows)}`);
  assert.is(run, 303);
});

conformance('distance in units of the last place', () => {
  assert.is(ulpDistance(1, 1 + 2 ** -23), 1);
  assert.is(ulpDistance(1, 1 - 2 ** -24), 1);
  assert.is(ulpDistance(0, -0), 0);
  assert.is(ulpDistance(2 ** -149, -(2 ** -149)), 2);
  assert.ok(violation([Number.NaN], arr([1], [1]), { metricType: 'ATOL', value: 1 }));
});

conformance.run();
