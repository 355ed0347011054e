// Convolutions of stride 1 with 4×4 taps, or with up to 8×8 as four blocks of them, as Winograd's F(4×4, 4×4), the weights' part: a
// block's taps become U = G·g·Gᵀ, in the order winograd-multiply.wgsl reads:
//
//   packed[group block, (block·I + i)·step + r·row + lane] = (G·g·Gᵀ)[r / 7, r % 7],  g[a, b] = w[group, o, i, a + span·by, b + span·bx],
//   0 beyond the kernel;  group block = group·⌈outputs/oc⌉ + ⌊o/oc⌋, lane = o mod oc;  blocks and span as in nested-input.wgsl
//
// w is [G·O, I, KH, KW] or, for convTranspose2d, [G·I, O, KH, KW] with its taps backwards: `wOut` and `wIn` are its strides. Lanes
// without a channel are zero. Source and result are ranges [start, end) of their tensors, of the result whole planes, or whole blocks
// where channels stand side by side (kernels/winograd.ts, orderOf).
// Dispatched by kernels/nested.ts; a thread owns a block of a kernel.

const WG: u32 = 64;

struct Params {
  wOut: u32, wIn: u32, wGroup: u32,
  inputs: u32, outputs: u32,               // channels of one group
  oc: u32, groupBlocks: u32,
  kernelHeight: u32, kernelWidth: u32,
  blocks: u32, span: u32,
  row: u32, step: u32,                     // elements from a position to the next, from a channel to the next
  tap0: u32, tapStep: i32,                 // taps forwards, or backwards from the last
  wStart: u32, wEnd: u32, wBase: u32,
  packedStart: u32, packedEnd: u32, packedBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> packed: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let plane = params.packedStart / (49u * params.oc) + index / params.oc;
  let slot = index % params.oc;
  let at = plane * 49u * params.oc + slot;
  if (at >= params.packedEnd) { return; }
  let groupBlock = plane / (params.blocks * params.inputs);
  let i = plane % params.inputs;
  let block = plane / params.inputs % params.blocks;
  let by = block / 2u;
  let bx = 1u - ((block ^ by) & 1u);
  let o = groupBlock % params.groupBlocks * params.oc + slot;
  let used = o < params.outputs;
  let first = groupBlock / params.groupBlocks * params.wGroup + o * params.wOut + i * params.wIn;
  let source = select(params.wStart, first, used);
  if (source < params.wStart || source >= params.wEnd) { return; }

  var g: array<f32, 16>; // @registers
  // @unroll
  for (var a = 0u; a < 4u; a++) {
    // @unroll
    for (var b = 0u; b < 4u; b++) {
      let ky = a + params.span * by;
      let kx = b + params.span * bx;
      let there = used && ky < params.kernelHeight && kx < params.kernelWidth;
      let place = u32(i32(params.tap0) + i32(ky * params.kernelWidth + kx) * params.tapStep);
      g[a * 4u + b] = select(0.0, w[source + select(0u, place, there) - params.wBase], there);
    }
  }
  var e: array<f32, 28>; // @registers
  // @unroll
  for (var b = 0u; b < 4u; b++) {
    let even = g[b] + g[b + 8u];
    let odd = g[b + 4u] + g[b + 12u];
    let even2 = g[b] + 4.0 * g[b + 8u];
    let odd2 = 2.0 * g[b + 4u] + 8.0 * g[b + 12u];
    e[b] = -0.5 * g[b];
    e[b + 4u] = (even + odd) * (-1.0 / 3.0);
    e[b + 8u] = (even - odd) * (1.0 / 9.0);
    e[b + 12u] = (even2 + odd2) * (1.0 / 36.0);
    e[b + 16u] = (even2 - odd2) * (-1.0 / 60.0);
    e[b + 20u] = g[b + 12u];
    e[b + 24u] = (8.0 * g[b] + 4.0 * g[b + 4u] + 2.0 * g[b + 8u] + g[b + 12u]) * (4.0 / 45.0);
  }
  let channels = params.blocks * params.inputs;
  let to = groupBlock * channels * 49u * params.oc + plane % channels * params.step + slot - params.packedBase;
  let row = params.row;
  // @unroll
  for (var a = 0u; a < 7u; a++) {
    let even = e[a * 4u] + e[a * 4u + 2u];
    let odd = e[a * 4u + 1u] + e[a * 4u + 3u];
    let even2 = e[a * 4u] + 4.0 * e[a * 4u + 2u];
    let odd2 = 2.0 * e[a * 4u + 1u] + 8.0 * e[a * 4u + 3u];
    packed[to + (a * 7u) * row] = -0.5 * e[a * 4u];
    packed[to + (a * 7u + 1u) * row] = (even + odd) * (-1.0 / 3.0);
    packed[to + (a * 7u + 2u) * row] = (even - odd) * (1.0 / 9.0);
    packed[to + (a * 7u + 3u) * row] = (even2 + odd2) * (1.0 / 36.0);
    packed[to + (a * 7u + 4u) * row] = (even2 - odd2) * (-1.0 / 60.0);
    packed[to + (a * 7u + 5u) * row] = e[a * 4u + 3u];
    packed[to + (a * 7u + 6u) * row] = (8.0 * e[a * 4u] + 4.0 * e[a * 4u + 1u] + 2.0 * e[a * 4u + 2u] + e[a * 4u + 3u]) * (4.0 / 45.0);
  }
}
