import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { optionsMarkdown } from '../../src/options/markdown.js';
import { camelCase, type OptionSpec, parseValue } from '../../src/options/option.js';
import { OPTIONS } from '../../src/options/table.js';

const test = suite('options');

const spec = (change: Partial<OptionSpec>): OptionSpec => ({ type: 'number', group: '', help: '', ...change });
const refused = (text: string, change: Partial<OptionSpec>, why: RegExp) =>
  assert.throws(
    () => parseValue(text, spec(change)),
    (error: Error) => error instanceof RangeError && why.test(error.message),
  );

test('numbers are read whole or not at all', () => {
  assert.is(parseValue('2e-4', spec({})), 2e-4);
  assert.is(parseValue('-.5', spec({})), -0.5);
  for (const text of ['', 'x', '1x', '0x10', '1e', 'Infinity', 'NaN', '1 2', '1,5']) refused(text, {}, /not a number/);
  refused('1.5', { type: 'integer' }, /whole number/);
  refused('1e300', { type: 'integer' }, /whole number/);
});

test('bounds are kept, with and without their end', () => {
  assert.is(parseValue('1', spec({ min: 1, max: 1 })), 1);
  refused('0', { min: 1 }, /at least 1/);
  refused('9', { max: 8 }, /at most 8/);
  refused('0', { above: 0 }, /more than 0/);
  refused('1', { below: 1 }, /less than 1/);
});

test('choices are named', () => {
  const choices = ['png', 'npy'];
  assert.is(parseValue('npy', spec({ type: 'text', choices })), 'npy');
  refused('jpg', { type: 'text', choices }, /png, npy/);
});

test('every row of the table holds together', () => {
  for (const [name, row] of Object.entries<OptionSpec>(OPTIONS)) {
    assert.match(name, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
    assert.ok(row.help.length > 10 && row.group, name);
    // A default that its own row refuses would pass unseen, since only given values are checked.
    if (row.default !== undefined) assert.is(parseValue(String(row.default), row), row.default, name);
    if (row.type === 'flag') assert.is(row.default, undefined, name);
  }
  assert.is(camelCase('n-downsample-global'), 'nDownsampleGlobal');
});

test('docs/options.md is what the table says', () => {
  assert.is(readFileSync('docs/options.md', 'utf8'), optionsMarkdown(), 'run `npm run docs`');
});

test.run();
