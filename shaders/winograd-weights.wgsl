// Winograd F(4×4, 3×3), the weights' part: every 3×3 kernel becomes U = G·g·Gᵀ, in the order winograd-multiply.wgsl reads:
//
//   packed[block, i·step + r·row + lane] = (G·g·Gᵀ)[r / 6, r % 6],  g = w[group, o, i], block = group·groupBlocks + ⌊o/oc⌋, lane = o mod oc
//
// Or a block of winograd-multiply-channels.wgsl is several of these, its lines: [block / lines, r, block mod lines, i, lane].
// w is [G·O, I, 3, 3] or, for convTranspose2d, [G·I, O, 3, 3] with its taps backwards: `wOut` and `wIn` are its strides. Lanes
// without a channel are zero. Source and result are ranges [start, end) of their tensors, of the result whole planes [block, i], or
// whole blocks where channels stand side by side (kernels/winograd.ts, orderOf).
// Dispatched by kernels/winograd.ts; a thread owns the kernels of LANES output channels side by side: stores are most of its work, and one of
// a vec4 takes half the time of four. Where w is cut, which may be between them, it owns one.

const WG: u32 = 64;
const LANES: u32 = 4;
alias Value = vec4f;

struct Params {
  wOut: u32, wIn: u32, wGroup: u32,
  inputs: u32, outputs: u32,               // channels of one group
  oc: u32, groupBlocks: u32,
  lines: u32,                              // blocks that stand together at every position
  row: u32, step: u32,                     // elements from a position to the next, from an input channel to the next
  tap0: u32, tapStep: i32,                 // taps forwards, or backwards from the last
  wStart: u32, wEnd: u32, wBase: u32,
  packedStart: u32, packedEnd: u32, packedBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> packed: array<Value>;

// What stands at an element of the kernels of LANES output channels from the first at `at` on, zero beyond the last of `there`.
fn gather(at: u32, there: u32) -> Value {
  let step = params.wOut;
  return vec4f(
    select(0.0, w[at], there > 0u),
    select(0.0, w[at + select(0u, step, there > 1u)], there > 1u),
    select(0.0, w[at + select(0u, 2u * step, there > 2u)], there > 2u),
    select(0.0, w[at + select(0u, 3u * step, there > 3u)], there > 3u),
  );
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let plane = params.packedStart / (36u * params.oc) + index / (params.oc / LANES);
  let slot = index % (params.oc / LANES) * LANES;
  let at = plane * 36u * params.oc + slot;
  if (at >= params.packedEnd) { return; }
  let block = plane / params.inputs;
  let i = plane % params.inputs;
  let o = block % params.groupBlocks * params.oc + slot;
  let there = params.outputs - min(o, params.outputs);
  let used = there > 0u;
  let first = block / params.groupBlocks * params.wGroup + o * params.wOut + i * params.wIn;
  let source = select(params.wStart, first, used);
  if (source < params.wStart || source >= params.wEnd) { return; }

  var g: array<Value, 9>; // @registers
  // @unroll
  for (var tap = 0u; tap < 9u; tap++) {
    let place = u32(i32(params.tap0) + i32(tap) * params.tapStep);
    g[tap] = gather(source + select(0u, place, used) - params.wBase, there);
  }
  var e: array<Value, 18>; // @registers
  // @unroll
  for (var j = 0u; j < 3u; j++) {
    let sum = g[j] + g[j + 6u];
    let wide = (g[j] + 4.0 * g[j + 6u]) / 24.0;
    e[j] = g[j] / 4.0;
    e[j + 3u] = -(sum + g[j + 3u]) / 6.0;
    e[j + 6u] = -(sum - g[j + 3u]) / 6.0;
    e[j + 9u] = wide + g[j + 3u] / 12.0;
    e[j + 12u] = wide - g[j + 3u] / 12.0;
    e[j + 15u] = g[j + 6u];
  }
  let line = block % params.lines;
  let to = (((block - line) * 36u + line) * params.inputs * params.oc + i * params.step + slot - params.packedBase) / LANES;
  let row = params.row / LANES;
  // @unroll
  for (var k = 0u; k < 6u; k++) {
    let sum = e[k * 3u] + e[k * 3u + 2u];
    let wide = (e[k * 3u] + 4.0 * e[k * 3u + 2u]) / 24.0;
    packed[to + (k * 6u) * row] = e[k * 3u] / 4.0;
    packed[to + (k * 6u + 1u) * row] = -(sum + e[k * 3u + 1u]) / 6.0;
    packed[to + (k * 6u + 2u) * row] = -(sum - e[k * 3u + 1u]) / 6.0;
    packed[to + (k * 6u + 3u) * row] = wide + e[k * 3u + 1u] / 12.0;
    packed[to + (k * 6u + 4u) * row] = wide - e[k * 3u + 1u] / 12.0;
    packed[to + (k * 6u + 5u) * row] = e[k * 3u + 2u];
  }
}
