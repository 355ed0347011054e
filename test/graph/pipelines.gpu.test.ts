// Pipelines at start-up: each once, warm before the first run, and counted.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { add } from '../../src/graph/ops/activations.js';
import { scale } from '../../src/graph/ops/pointwise.js';
import { input } from '../../src/graph/ops/source.js';
import { compile } from '../../src/graph/program.js';
import { stateOf } from '../../src/graph/storage.js';
import { openTestDevice } from '../support/device.js';

const test = suite('pipelines');

/** Two products on one pipeline, and their sum on another. */
function graph() {
  const [x, z] = [input([2, 5]), input([2, 5])];
  const [a, b] = [scale(x, 3), scale(z, 3)];
  return { inputs: { x, z }, outputs: { a, b, y: add(a, b) } };
}

test('each distinct pipeline is made once, told of when it is ready, and dispatched empty before the first run', async () => {
  const device = await openTestDevice();
  stateOf(device).pipelines.clear();
  const { queue } = device.gpu;
  const submit = queue.submit.bind(queue);
  let submits = 0;
  queue.submit = (buffers) => {
    submits++;
    return submit(buffers);
  };
  try {
    const told: [number, number][] = [];
    const first = await compile(device, graph(), { onProgress: (...progress) => told.push(progress) });
    const { pipelines, compiled, dispatches } = first.stats;
    assert.ok(dispatches > pipelines, 'dispatches share pipelines');
    assert.is(compiled, pipelines);
    assert.is(submits, pipelines, 'an empty dispatch for each');
    assert.equal(
      told,
      Array.from({ length: pipelines }, (_, i) => [i + 1, pipelines]),
    );

    const again = await compile(device, graph());
    assert.equal([again.stats.pipelines, again.stats.compiled, submits], [pipelines, 0, pipelines]);
    const values = Float32Array.from({ length: 10 }, (_, i) => i);
    const { y } = await again.run({ x: values, z: values });
    assert.equal([...(y as Float32Array)].slice(0, 3), [0, 6, 12]);
    for (const program of [first, again]) program.destroy();
  } finally {
    queue.submit = submit;
  }
});

test.run();
