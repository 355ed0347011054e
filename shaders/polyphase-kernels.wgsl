// Convolutions of up to 4×4 taps as Winograd's F(3×3, 2×2), the end of the weight gradient: the 16 sums of every phase of a kernel
// become its 2×2 taps, Gᵀ·s·G:
//
//   dw[o, i, S·a + (3 − S)·py, S·b + (3 − S)·px] = (Gᵀ·s·G)[a, b],  s[r] = sums[o, r, phase·I + i],  within the kernel
//
// S and phases as in polyphase-input.wgsl. sums [G·O, 16, 4·I], dw [G·O, I, KH, KW], both ranges of planes [o, …]; a launch writes
// the taps whose kernel lies in its range of dw. A tap beyond the kernel is not written, and neither are the sums that only it reads.
// Dispatched by kernels/polyphase-weight.ts after winograd-weight-multiply.wgsl; a thread owns a phase of a kernel.

const WG: u32 = 64;

struct Params {
  inputs: u32,                             // channels of one group
  kernelHeight: u32, kernelWidth: u32,
  stride: u32,
  sumsStart: u32, sumsEnd: u32, sumsBase: u32,
  dwStart: u32, dwEnd: u32, dwBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let plane = params.sumsStart + (group.y * groups.x + group.x) * WG + lane;
  let inputs = params.inputs;
  let phase = plane / inputs % 4u;
  let kernel = plane / (4u * inputs) * inputs + plane % inputs;
  if (plane >= params.sumsEnd || kernel < params.dwStart || kernel >= params.dwEnd) { return; }
  let py = phase / 2u;
  let px = 1u - ((phase ^ py) & 1u);
  let step = 4u * inputs;
  let at = plane / step * 16u * step + plane % step - params.sumsBase;

  var e: array<f32, 8>; // @registers
  // @unroll
  for (var j = 0u; j < 4u; j++) {
    let first = sums[at + (j + 4u) * step];
    let second = sums[at + (j + 8u) * step];
    e[j] = sums[at + j * step] + 0.5 * (first + second);
    e[j + 4u] = 0.5 * (first - second) + sums[at + (j + 12u) * step];
  }
  let to = kernel * params.kernelHeight * params.kernelWidth - params.dwBase;
  // @unroll
  for (var a = 0u; a < 2u; a++) {
    let taps = vec2f(
      e[a * 4u] + 0.5 * (e[a * 4u + 1u] + e[a * 4u + 2u]),
      0.5 * (e[a * 4u + 1u] - e[a * 4u + 2u]) + e[a * 4u + 3u],
    );
    // @unroll
    for (var b = 0u; b < 2u; b++) {
      let ky = params.stride * a + (3u - params.stride) * py;
      let kx = params.stride * b + (3u - params.stride) * px;
      if (ky < params.kernelHeight && kx < params.kernelWidth) {
        dw[to + ky * params.kernelWidth + kx] = taps[b];
      }
    }
  }
}
