import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { classOfId, regionClasses } from '../../src/data/region-classes.js';
import { denseRegions, regionCapacity } from '../../src/data/regions.js';

const test = suite('regions');

const ids = Int32Array.of(26001, 7, 7, 26000, 26001, 26001, 7, 33);

test('ids become 0…count−1 in ascending order, with their pixels', () => {
  const { regions, ids: sorted, counts } = denseRegions(ids);
  assert.equal(sorted, [7, 33, 26000, 26001]);
  assert.equal([...regions], [3, 0, 0, 2, 3, 3, 0, 1]);
  assert.equal(counts, [3, 1, 1, 3]);
});

test('a program’s room is a power of two, at least 64', () => {
  assert.equal([1, 63, 64, 65, 128, 129, 1000].map(regionCapacity), [64, 64, 64, 128, 128, 256, 1024]);
});

test('by Cityscapes’ ids: the id itself below 1000, then the thousands', () => {
  assert.equal([0, 7, 999, 1000, 26003, 33008].map(classOfId), [0, 7, 999, 1, 26, 33]);
  assert.equal(regionClasses(denseRegions(ids)), [7, 33, 26, 26]);
});

test('labels decide where there are any; where ids follow the convention both agree', () => {
  const labels = ids.map(classOfId);
  assert.equal(regionClasses(denseRegions(ids), labels), regionClasses(denseRegions(ids)));
  const numbered = Int32Array.of(5, 5, 5, 2, 2, 5);
  assert.equal(regionClasses(denseRegions(numbered), Int32Array.of(1, 0, 1, 3, 3, 0)), [3, 0], 'the lower of equals');
  assert.equal(regionClasses(denseRegions(numbered), Int32Array.of(4, 4, 1, 3, 1, 0)), [1, 4], 'the majority');
});

test.run();
