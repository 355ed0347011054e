import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stripWgsl } from '../../scripts/wgsl-plugin.mjs';

const test = suite('WGSL import');

test('comments and blank runs go; markers and line starts stay', () => {
  const source = `// what it computes

const A: u32 = 1; // why
/* a block
   of two lines */
fn f() -> u32 {

  // @unroll
  for (var i = 0u; i < A; i++) {   // not a marker @ all
  }
  var acc: array<f32, A>; // @registers
  return A / 2u;
}
`;
  const stripped = `const A: u32 = 1;
fn f() -> u32 {
  // @unroll
  for (var i = 0u; i < A; i++) {
  }
  var acc: array<f32, A>; // @registers
  return A / 2u;
}
`;
  assert.is(stripWgsl(source), stripped);
});

test.run();
