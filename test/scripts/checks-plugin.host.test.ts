// What builds for pages leave out of ops and kernels.

import { readdirSync, readFileSync } from 'node:fs';
import { transform } from 'esbuild';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withoutChecks } from '../../scripts/checks-plugin.mjs';

const test = suite('code without checks');

const words = (code: string) => code.replace(/\s+/g, ' ').trim();

const CASES: [what: string, before: string, after: string][] = [
  ['a check', "if (n < 1) refuse(op, 'n', n, 'more'); go(n);", 'go(n);'],
  ['a check in a block, with what it says worked out before', 'if (bad) { const s = a; refuse(s); } go();', 'go();'],
  ['a refusal that is returned', 'if (!row) return refuse(op); return row;', 'return row;'],
  ['a broken invariant', "if (!match) throw new Error('no constant'); go();", 'go();'],
  ['unknown options', 'knownOptions(op, options, NAMES); go();', 'go();'],
  ['the refused half of a choice', "const d = ok ? a : refuse('d');", 'const d = a;'],
  ['an operand', "const n = operand(op, 'x', operand(op, 'y', xs[0], { rank: 4 })).shape;", 'const n = xs[0].shape;'],
  ['a whole number', "const n = wholeNumber(op, 'n', value ?? 1, 1);", 'const n = value ?? 1;'],
  ['columns of a row', "const r = { quick: ['a'], full: [b], lower };", 'const r = { lower };'],
  // What must stay.
  ['two ways', 'if (a) refuse(a); else go();', 'if (a) refuse(a); else go();'],
  ['what users meet', 'if (a) throw new DataError(a);', 'if (a) throw new DataError(a);'],
  [
    'other names',
    "wholly(op, 'n', value, 1); const r = { fuller: 1 };",
    "wholly(op, 'n', value, 1); const r = { fuller: 1 };",
  ],
  ['comments and letters of any length', '// “…”\nif (é) refuse(é); go("…");', '// “…” go("…");'],
];

for (const [what, before, after] of CASES) {
  test(what, () => assert.is(words(withoutChecks(`function f() { ${before}\n}`)), words(`function f() { ${after}\n}`)));
}

for (const folder of ['src/graph/ops', 'src/graph/lower', 'src/kernels']) {
  test(`${folder} is code without them, too`, async () => {
    for (const name of readdirSync(folder)) {
      const source = readFileSync(`${folder}/${name}`, 'utf8');
      const left = withoutChecks(source);
      await transform(left, { loader: 'ts' });
      assert.not.match(left, /^\s*(if \(.*\) )?(refuse|knownOptions)\(/m, name);
    }
  });
}

test.run();
