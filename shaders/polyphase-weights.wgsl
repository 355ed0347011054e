// Convolutions of up to 4×4 taps as Winograd's F(3×3, 2×2), the weights' part: the 2×2 taps of each phase become U = G·g·Gᵀ, in the
// order winograd-multiply.wgsl reads:
//
//   packed[block, (phase·I + i)·step + r·row + lane] = (G·g·Gᵀ)[r / 4, r % 4],  g[a, b] = w[group, o, i, S·a + (3 − S)·py, S·b + (3 − S)·px],
//   0 beyond the kernel;  block = group·⌈outputs/oc⌉ + ⌊o/oc⌋, lane = o mod oc;  S and phases as in polyphase-input.wgsl
//
// w is [G·O, I, KH, KW] or, for convTranspose2d, [G·I, O, KH, KW] with its taps backwards: `wOut` and `wIn` are its strides. Lanes
// without a channel are zero. Source and result are ranges [start, end) of their tensors, of the result whole planes [block, phase·I + i],
// or whole blocks where channels stand side by side (kernels/winograd.ts, orderOf). Where phases are of the output, each phase of a
// block is one of its own: packed[4·block + phase, i·step + …].
// Dispatched by kernels/polyphase.ts and polyphase-transposed.ts; a thread owns a phase of a kernel.

const WG: u32 = 64;

struct Params {
  wOut: u32, wIn: u32, wGroup: u32,
  inputs: u32, outputs: u32,               // channels of one group
  oc: u32, groupBlocks: u32,
  kernelHeight: u32, kernelWidth: u32,
  stride: u32,
  summed: u32,                             // channels of a block of packed: 4·I, or I where phases are of the output
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
  let plane = params.packedStart / (16u * params.oc) + index / params.oc;
  let slot = index % params.oc;
  let at = plane * 16u * params.oc + slot;
  if (at >= params.packedEnd) { return; }
  let block = plane / (4u * params.inputs);
  let i = plane % params.inputs;
  let phase = plane / params.inputs % 4u;
  let py = phase / 2u;
  let px = 1u - ((phase ^ py) & 1u);
  let o = block % params.groupBlocks * params.oc + slot;
  let used = o < params.outputs;
  let first = block / params.groupBlocks * params.wGroup + o * params.wOut + i * params.wIn;
  let source = select(params.wStart, first, used);
  if (source < params.wStart || source >= params.wEnd) { return; }

  var g: array<f32, 4>; // @registers
  // @unroll
  for (var a = 0u; a < 2u; a++) {
    // @unroll
    for (var b = 0u; b < 2u; b++) {
      let ky = params.stride * a + (3u - params.stride) * py;
      let kx = params.stride * b + (3u - params.stride) * px;
      let there = used && ky < params.kernelHeight && kx < params.kernelWidth;
      let place = u32(i32(params.tap0) + i32(ky * params.kernelWidth + kx) * params.tapStep);
      g[a * 2u + b] = select(0.0, w[source + select(0u, place, there) - params.wBase], there);
    }
  }
  var e: array<f32, 8>; // @registers
  // @unroll
  for (var b = 0u; b < 2u; b++) {
    e[b] = g[b];
    e[b + 2u] = 0.5 * (g[b] + g[b + 2u]);
    e[b + 4u] = 0.5 * (g[b] - g[b + 2u]);
    e[b + 6u] = g[b + 2u];
  }
  let to = plane / params.summed * params.summed * 16u * params.oc + plane % params.summed * params.step + slot - params.packedBase;
  let row = params.row;
  // @unroll
  for (var a = 0u; a < 4u; a++) {
    packed[to + (a * 4u) * row] = e[a * 2u];
    packed[to + (a * 4u + 1u) * row] = 0.5 * (e[a * 2u] + e[a * 2u + 1u]);
    packed[to + (a * 4u + 2u) * row] = 0.5 * (e[a * 2u] - e[a * 2u + 1u]);
    packed[to + (a * 4u + 3u) * row] = e[a * 2u + 1u];
  }
}
