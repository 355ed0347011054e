// Winograd F(4×4, 3×3), the end of the weight gradient: the 36 sums of every kernel become its 3×3 weights, Gᵀ·s·G:
//
//   dw[o, i, ky, kx] = (Gᵀ·s·G)[ky, kx],  s[r] = sums[o, r, i]
//
// sums [G·O, 36, I], dw [G·O, I, 3, 3]; a launch has a range of planes [o, i].
// Dispatched by kernels/winograd-weight.ts after winograd-weight-multiply.wgsl; a thread owns a kernel.

const WG: u32 = 64;

struct Params {
  first: u32, planes: u32,       // of this launch
  inputs: u32,                   // I
  sumsBase: u32, dwBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let plane = params.first + (group.y * groups.x + group.x) * WG + lane;
  if (plane >= params.first + params.planes) { return; }
  let step = params.inputs;
  let at = plane / step * 36u * step + plane % step - params.sumsBase;

  var s: array<f32, 36>; // @registers
  // @unroll
  for (var r = 0u; r < 36u; r++) {
    s[r] = sums[at + r * step];
  }
  var e: array<f32, 18>; // @registers
  // @unroll
  for (var j = 0u; j < 6u; j++) {
    let sum = s[j + 6u] + s[j + 12u];
    let difference = s[j + 12u] - s[j + 6u];
    let wideSum = s[j + 18u] + s[j + 24u];
    let wideDifference = s[j + 18u] - s[j + 24u];
    e[j] = s[j] / 4.0 - sum / 6.0 + wideSum / 24.0;
    e[j + 6u] = difference / 6.0 + wideDifference / 12.0;
    e[j + 12u] = (wideSum - sum) / 6.0 + s[j + 30u];
  }
  let to = plane * 9u - params.dwBase;
  // @unroll
  for (var k = 0u; k < 3u; k++) {
    let sum = e[k * 6u + 1u] + e[k * 6u + 2u];
    let difference = e[k * 6u + 2u] - e[k * 6u + 1u];
    let wideSum = e[k * 6u + 3u] + e[k * 6u + 4u];
    let wideDifference = e[k * 6u + 3u] - e[k * 6u + 4u];
    dw[to + k * 3u] = e[k * 6u] / 4.0 - sum / 6.0 + wideSum / 24.0;
    dw[to + k * 3u + 1u] = difference / 6.0 + wideDifference / 12.0;
    dw[to + k * 3u + 2u] = (wideSum - sum) / 6.0 + e[k * 6u + 5u];
  }
}
