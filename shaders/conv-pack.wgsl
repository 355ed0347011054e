// Weights in the order conv.wgsl reads them: packed[block, i, ky, kx, lane] = w[group, o, i, ky, kx], where
// block = group·⌈outputs/oc⌉ + ⌊o/oc⌋ and lane = o mod oc; lanes without a channel are zero.
//
// w is [G·O, I, KH, KW] or, for convTranspose2d, [G·I, O, KH, KW]: `wOut` and `wIn` are its strides. Source and packed copy
// are ranges [start, end) of their tensors, of the copy whole planes; a launch writes those elements of its range whose
// source lies in the other. Dispatched by kernels/conv.ts before conv.wgsl and others; one thread the lanes of a tap.

const WG: u32 = 64;

struct Params {
  wOut: u32, wIn: u32, wGroup: u32,
  inputs: u32, outputs: u32,               // channels of one group
  oc: u32, lanes: u32, groupBlocks: u32,
  kernelArea: u32,
  wStart: u32, wEnd: u32, wBase: u32,
  packedStart: u32, packedEnd: u32, packedBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> packed: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let vector = params.packedStart / params.lanes + (group.y * groups.x + group.x) * WG + lane;
  let at = vector * params.lanes;
  if (at >= params.packedEnd) { return; }
  let plane = vector / params.kernelArea;
  let tap = vector % params.kernelArea;
  let block = plane / params.inputs;
  let i = plane % params.inputs;
  let o0 = block % params.groupBlocks * params.oc;
  let first = block / params.groupBlocks * params.wGroup + o0 * params.wOut + i * params.wIn + tap;
  for (var slot = 0u; slot < params.lanes; slot++) {
    let used = slot < params.oc && o0 + slot < params.outputs;
    let source = select(0u, first + slot * params.wOut, used);
    if (source >= params.wStart && source < params.wEnd) {
      packed[at + slot - params.packedBase] = select(0.0, w[source - params.wBase], used);
    }
  }
}
