// adam.wgsl for two or three parameters at once, each in place; where the step is skipped nothing is touched.
//
// Workgroups below ends[0] work on the first one, those below ends[1] on the second, and so on. wₖ and gₖ are alike in size; the moments of
// all lie in one buffer, m of parameter k from Value means[k] on, v from squares[k]. scalars as in adam.wgsl, and so are the bits.
// Dispatched by kernels/adam.ts (graph/adams.ts), TILE Values a thread, WG apart: vec4 where whole ones fill all of them.

const WG: u32 = 64;
const TILE: u32 = 16;
const THIRD: bool = true;
alias Value = vec4f;

struct Params {
  beta1: f32,
  beta2: f32,
  rest1: f32,  // 1 − beta1
  rest2: f32,
  eps: f32,
  ends: vec4u,
  counts: vec4u, // Values
  means: vec4u,
  squares: vec4u,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> w0: array<Value>;
@group(0) @binding(2) var<storage, read_write> w1: array<Value>;
@group(0) @binding(3) var<storage, read_write> w2: array<Value>;
@group(0) @binding(4) var<storage, read> g0: array<Value>;
@group(0) @binding(5) var<storage, read> g1: array<Value>;
@group(0) @binding(6) var<storage, read> g2: array<Value>;
@group(0) @binding(7) var<storage, read_write> moments: array<Value>;
@group(0) @binding(8) var<storage, read> scalars: array<f32>;

// lr / correction1, correction2 and unscale: loaded once, since a store to another binding might change them for all the compiler knows.
struct Step { size: f32, correction: f32, unscale: f32 };

// What the weight loses whose moments lie there.
fn change(step: Step, g: Value, mean: u32, square: u32) -> Value {
  let gradient = g * step.unscale;
  let m = params.beta1 * moments[mean] + params.rest1 * gradient;
  let v = params.beta2 * moments[square] + params.rest2 * gradient * gradient;
  moments[mean] = m;
  moments[square] = v;
  return step.size * (m / (sqrt(v / step.correction) + params.eps));
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = group.y * groups.x + group.x;
  if (scalars[3] != 0.0) { return; }
  let step = Step(scalars[0] / scalars[1], scalars[2], scalars[4]);
  var part = 0u;
  if (index >= params.ends.x) { part = 1u; }
  if (index >= params.ends.y) { part = 2u; } // @if THIRD
  let before = select(params.ends[max(part, 1u) - 1u], 0u, part == 0u);
  let begin = (index - before) * TILE * WG + lane;
  let end = min(begin + TILE * WG, params.counts[part]);
  let mean = params.means[part];
  let square = params.squares[part];
  // Loops that end at once, where a CPU adapter would run the bodies of all conditions and drop what they store.
  for (var i = select(end, begin, part == 0u); i < end; i += WG) { w0[i] = w0[i] - change(step, g0[i], mean + i, square + i); }
  for (var i = select(end, begin, part == 1u); i < end; i += WG) { w1[i] = w1[i] - change(step, g1[i], mean + i, square + i); }
  for (var i = select(end, begin, part == 2u); i < end; i += WG) { w2[i] = w2[i] - change(step, g2[i], mean + i, square + i); } // @if THIRD
}
