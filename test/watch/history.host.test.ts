// A log as columns, however it was written; and a file that grows, is cut and replaced.

import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { smoothed } from '../../dashboard/smooth.js';
import { followFile } from '../../src/watch/follow.js';
import { addLine, curvesOf, latest, newHistory } from '../../src/watch/history.js';
import { secondsLeft, secondsPerStep, totalOf } from '../../src/watch/rate.js';
import { withFolder } from '../formats/support.js';

const test = suite('history of a run');

const historyOf = (...records: (object | string)[]) => {
  const history = newHistory();
  for (const record of records) addLine(history, typeof record === 'string' ? record : JSON.stringify(record));
  return history;
};
const all = (...records: (object | string)[]) => curvesOf(historyOf(...records), 0, Number.POSITIVE_INFINITY, 100);

test('quantities come and go; lines that are none are passed over', () => {
  const foreign = ['', 'x', '{"step":', '[]', 'null', '3', '{"step":"4"}', '{"step":-0.5}', '{"a":1}'];
  const curves = all({ step: 1, a: 5 }, ...foreign, { step: 3, a: 6, b: 7, c: 'text', d: null }, { step: 4, b: 8 });
  assert.equal(curves, { steps: [1, 3, 4], columns: { a: [5, 6, null], b: [null, 7, 8] } });
});

test('lines of one step add up, and a step that comes again takes the place of what followed', () => {
  const history = historyOf({ step: 1, a: 1 }, { step: 2, a: 2, note: 'late' }, { step: 2, b: 9 }, { step: 3, a: 3 });
  assert.equal(curvesOf(history, 0, 9, 9), { steps: [1, 2, 3], columns: { a: [1, 2, 3], b: [null, 9, null] } });
  assert.equal(history.notes, [{ step: 2, text: 'late' }]);
  addLine(history, '{"step":2,"a":20}');
  assert.equal(curvesOf(history, 0, 9, 9), { steps: [1, 2], columns: { a: [1, 20] } });
  assert.equal([latest(history, 'a'), latest(history, 'b'), history.notes], [20, undefined, []]);
});

test('names that an object has by nature are names like others, and there is an end to them', () => {
  const { columns } = all('{"step":1,"__proto__":1,"constructor":2}');
  assert.equal(Object.entries(columns), [
    ['__proto__', [1]],
    ['constructor', [2]],
  ]);
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`q${i}`, i]));
  assert.is(Object.keys(all({ step: 1, ...many }).columns).length, 64);
});

test('a range is cut out, and neighbours are averaged where there are more than points', () => {
  const history = historyOf(...Array.from({ length: 10 }, (_, i) => ({ step: i + 1, a: i === 4 ? undefined : i })));
  assert.equal(curvesOf(history, 3, 8, 3), { steps: [4, 6, 8], columns: { a: [2.5, 5, 6.5] } });
  assert.equal(curvesOf(history, 3, 7, 2), { steps: [5, 7], columns: { a: [2.5, 5.5] } });
  assert.equal(curvesOf(history, 11, 20, 3), { steps: [], columns: {} });
  assert.equal(curvesOf(newHistory(), 0, 9, 3), { steps: [], columns: {} });
});

test('rate and end of a log that does not tell them', () => {
  const line = (step: number, time: number) => ({ step, epoch: Math.ceil(step / 4), time: 1000 * time });
  const history = historyOf(line(1, 0), line(2, 9), line(3, 11), line(4, 13), line(5, 15), line(6, 17));
  assert.is(secondsPerStep(history), 2);
  assert.is(totalOf(history, { niter: 2, niterDecay: 3 }), 20);
  assert.is(secondsLeft(history, { niter: 2, niterDecay: 3 }), 28);
  assert.is(secondsLeft(history, {}), undefined);
  assert.is(totalOf(historyOf(line(1, 0)), { niter: 2, niterDecay: 3 }), undefined);
});

test('smoothing starts at the first value and keeps gaps', () => {
  assert.equal(
    smoothed([4, null, 4, 4], 0.9).map((v) => v && Math.round(1e9 * v) / 1e9),
    [4, null, 4, 4],
  );
  assert.equal(smoothed([1, 2], 0), [1, 2]);
  assert.equal(smoothed([0, 3], 0.5), [0, 2]);
});

test('a file is followed over half lines, a cut and a replacement', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'log');
    const follower = followFile(path);
    const seen = async () => {
      const lines: string[] = [];
      await follower.look(
        () => lines.push('RESET'),
        (line) => lines.push(line),
      );
      return lines;
    };
    assert.equal(await seen(), []);
    writeFileSync(path, 'one\ntw');
    assert.equal(await seen(), ['one']);
    assert.equal(await seen(), []);
    const ä = Buffer.from('ä');
    appendFileSync(path, Buffer.concat([Buffer.from('o '), ä.subarray(0, 1)]));
    assert.equal(await seen(), []);
    appendFileSync(path, Buffer.concat([ä.subarray(1), Buffer.from('\nthree\n')]));
    assert.equal(await seen(), ['two ä', 'three']);
    writeFileSync(path, 'one\n');
    assert.equal(await seen(), ['RESET', 'one']);
    writeFileSync(`${path}.new`, 'one\nother\nlonger than before\n');
    renameSync(`${path}.new`, path);
    assert.equal(await seen(), ['RESET', 'one', 'other', 'longer than before']);
  }));

test.run();
