import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fuzz } from './mutate.js';
import { targets } from './targets.js';

const test = suite('fuzzing the readers, long');

for (const target of targets) {
  test(`a million mutations: ${target.name}`, async () => {
    const before = process.memoryUsage().rss;
    const start = performance.now();
    const { [target.name]: count } = await fuzz([target], 1_000_000, 1);
    const grown = (process.memoryUsage().rss - before) / 1e6;
    console.log(
      `${target.name}: ${JSON.stringify(count)}, ${Math.round(performance.now() - start)} ms, ${grown.toFixed(0)} MB`,
    );
    assert.ok(count.refused > 100_000 && grown < 300);
  });
}

test.run();
