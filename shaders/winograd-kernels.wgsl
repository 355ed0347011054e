// Winograd F(4×4, 3×3), the end of the weight gradient: the 36 sums of every kernel become its 3×3 weights Gᵀ·s·G:
//
//   dw[o, i, ky, kx] = (Gᵀ·s·G)[ky, kx],  s[r] = sums[o, r, i]
//
// sums [G·O, 36, 4·quads] as winograd-multiply.wgsl leaves them, dw [G·O, I, 3, 3]; a launch writes the planes [o, i] from `first` to `end`.
// Dispatched by kernels/tile-sums.ts; a thread owns four input channels side by side, since a vec4 is loaded and stored in half the time of
// four numbers (lavapipe).

const WG: u32 = 64;
const TAPS: u32 = 9;
const FOUR_TAPS: u32 = 36;
alias Stored = vec4f;          // or f32

struct Params {
  first: u32, end: u32,          // planes of this launch
  output0: u32, outputs: u32,    // their output channels
  inputs: u32,                   // I
  quads: u32,                    // vec4 of them
  sumsBase: u32, dwBase: u32,    // sumsBase counts vec4
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dw: array<Stored>;

// What a thread has, four elements at a time: whole vec4 of dw where its kernels are all in this launch.
fn put(kernel: u32, e: u32, value: vec4f) { dw[(kernel * TAPS + e - params.dwBase) / 4u] = value; }

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let quads = params.quads;
  if (index >= params.outputs * quads) { return; }
  let o = params.output0 + index / quads;
  let quad = index % quads;
  let at = o * 36u * quads + quad - params.sumsBase;

  var e: array<vec4f, 18>; // @registers
  // @unroll
  for (var j = 0u; j < 6u; j++) {
    let one = sums[at + (j + 6u) * quads];
    let minus = sums[at + (j + 12u) * quads];
    let two = sums[at + (j + 18u) * quads];
    let minusTwo = sums[at + (j + 24u) * quads];
    let sum = one + minus;
    let wideSum = two + minusTwo;
    e[j] = sums[at + j * quads] / 4.0 - sum / 6.0 + wideSum / 24.0;
    e[j + 6u] = (minus - one) / 6.0 + (two - minusTwo) / 12.0;
    e[j + 12u] = (wideSum - sum) / 6.0 + sums[at + (j + 30u) * quads];
  }
  var taps: array<vec4f, 9>; // @registers
  // @unroll
  for (var k = 0u; k < 3u; k++) {
    let sum = e[k * 6u + 1u] + e[k * 6u + 2u];
    let wideSum = e[k * 6u + 3u] + e[k * 6u + 4u];
    taps[k * 3u] = e[k * 6u] / 4.0 - sum / 6.0 + wideSum / 24.0;
    taps[k * 3u + 1u] = (e[k * 6u + 2u] - e[k * 6u + 1u]) / 6.0 + (e[k * 6u + 3u] - e[k * 6u + 4u]) / 12.0;
    taps[k * 3u + 2u] = (wideSum - sum) / 6.0 + e[k * 6u + 5u];
  }
  var flat: array<f32, FOUR_TAPS>; // @registers
  // @unroll
  for (var c = 0u; c < 4u; c++) {
    // @unroll
    for (var tap = 0u; tap < TAPS; tap++) {
      flat[c * TAPS + tap] = taps[tap][c];
    }
  }
  let kernel = o * params.inputs + quad * 4u;
  // @unroll
  for (var e = 0u; e < TAPS; e++) {
    put(kernel, e * 4u, vec4f(flat[e * 4u], flat[e * 4u + 1u], flat[e * 4u + 2u], flat[e * 4u + 3u]));
  }
}
