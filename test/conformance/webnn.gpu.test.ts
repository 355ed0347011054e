import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Tensor } from '../../src/engine.js';
import * as engine from '../../src/engine.js';
import { openTestDevice } from '../support/device.js';
import type { Ops } from '../support/ops.js';
import type { Arr } from '../twin/array.js';
import { type Row, type Translation, table, translate, violation, type WebnnTest } from './webnn.js';
import { files } from './webnn-files.js';

const ops: Ops<Tensor> = engine;
const rows: Row[] = [];

/** The cases of one file as the inputs, feeds and outputs of a single program: pipelines are made once for all. */
type Batch = {
  inputs: Record<string, Tensor>;
  feeds: Record<string, Float32Array>;
  built: { test: WebnnTest; translation: Translation<Tensor> }[];
  row: Row;
};

function batchOf(kind: string, tests: WebnnTest[]): Batch {
  const batch: Batch = { inputs: {}, feeds: {}, built: [], row: { kind, run: 0, outOfScope: {} } };
  const put = ({ shape, data }: Arr, constant: boolean): Tensor => {
    const values = Float32Array.from(data);
    if (constant) return engine.variable(shape, values);
    const name = `input${Object.keys(batch.inputs).length}`;
    batch.feeds[name] = values;
    return (batch.inputs[name] = engine.input(shape));
  };
  for (const test of tests) {
    const translation = translate(test, ops, put);
    const { outOfScope } = batch.row;
    if ('outOfScope' in translation) outOfScope[translation.outOfScope] = (outOfScope[translation.outOfScope] ?? 0) + 1;
    else batch.built.push({ test, translation });
  }
  batch.row.run = batch.built.length;
  return batch;
}

const conformance = suite('webnn: the engine');

for (const [kind, { tests }] of Object.entries(files)) {
  conformance(kind, async () => {
    const device = await openTestDevice();
    const { inputs, feeds, built, row } = batchOf(kind, tests);
    rows.push(row);
    const outputs = Object.fromEntries(built.map(({ translation }, k) => [`output${k}`, translation.output]));
    const program = await engine.compile(device, { inputs, outputs });
    const results = await program.run(feeds);
    program.destroy();
    const wrong = built.flatMap(({ test, translation: { output, want } }, k) => {
      const shapes =
        `${output.shape}` === `${want.shape}` ? undefined : `got [${output.shape}], wanted [${want.shape}]`;
      const problem = shapes ?? violation(results[`output${k}`], want, test.tolerance);
      return problem ? [`${test.name}: ${problem}`] : [];
    });
    assert.is(wrong.length, 0, `${wrong.length} of ${built.length} cases:\n${wrong.join('\n')}`);
  });
}

conformance('counts', () => {
  console.log(`\n${table(rows)}`);
  assert.is(
    rows.reduce((n, row) => n + row.run, 0),
    303,
  );
});

conformance.run();
