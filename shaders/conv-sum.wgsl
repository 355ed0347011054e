// Adds the splits of conv-weight.wgsl in their order: dw[j] = partial[0, j] + partial[1, j] + …
//
// dw [size], partial [splits, size]; both are ranges [start, end) of their elements. The launch that holds split 0 starts
// from it, the others go on from what is stored. Dispatched by kernels/conv.ts; one thread an element of dw.

const WG: u32 = 64;

struct Params {
  size: u32, splits: u32,
  partialStart: u32, partialEnd: u32, partialBase: u32,
  dwStart: u32, dwEnd: u32, dwBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = params.dwStart + (group.y * groups.x + group.x) * WG + lane;
  if (at >= params.dwEnd) { return; }
  // splits whose element lies in [partialStart, partialEnd)
  let first = (max(params.partialStart, at) - at + params.size - 1u) / params.size;
  let last = min(params.splits, (max(params.partialEnd, at) - at + params.size - 1u) / params.size);
  if (first >= last) { return; }
  var sum = 0.0;
  if (first > 0u) { sum = dw[at - params.dwBase]; }
  for (var split = first; split < last; split++) {
    sum += partial[split * params.size + at - params.partialBase];
  }
  dw[at - params.dwBase] = sum;
}
