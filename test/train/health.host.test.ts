import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createHealth, type Look } from '../../src/train/health.js';

const test = suite('health');

const GOOD: Look = { lr: 2e-4, losses: { D_real: 0.3, D_fake: 0.4, G_GAN: 1 }, saturated: 0.1 };

/** Numbers of the looks that something is said at, and what. */
function said(looks: readonly Look[]): [number, string][] {
  const health = createHealth({ ganMode: 'ls', numD: 2 });
  return looks.flatMap((look, i) => health(look).map((text): [number, string] => [i + 1, text]));
}

const times = (count: number, change: Partial<Look>): Look[] =>
  Array.from({ length: count }, () => ({ ...GOOD, ...change }));

test('a training in good order is not talked about, nor one that is bad for a moment', () => {
  assert.equal(said(times(500, {})), []);
  const strong = { losses: { D_real: 0.01, D_fake: 0.01 } };
  assert.equal(said([...times(99, strong), ...times(1, {}), ...times(99, strong)]), []);
  assert.equal(said(times(100, { losses: { D_real: 0.5, D_fake: 0.2 } })), [], 'chance on one side alone');
});

/** What shows, the step at which it is told, and how. */
const CASES: [change: Partial<Look>, at: number, text: RegExp][] = [
  [{ losses: { D_real: 0.02, D_fake: 0.01 } }, 100, /tell every picture apart .*lower --lr-d/],
  [{ losses: { D_real: 0.5, D_fake: 0.499 } }, 100, /have collapsed: .* at chance/],
  [{ saturated: 0.95 }, 20, /are saturated: 95 % of their values/],
  [{ lr: 1e-10 }, 1, /learning rate 1\.0e-10 moves no weight/],
];

for (const [change, at, text] of CASES) {
  test(`told once, at step ${at}: ${text.source}`, () => {
    const found = said(times(300, change));
    assert.is(found.length, 1);
    assert.is(found[0]![0], at);
    assert.match(found[0]![1], text);
    assert.is(
      said([...times(300, change), ...times(1, {}), ...times(300, change)]).length,
      2,
      'again when it comes again',
    );
  });
}

test.run();
