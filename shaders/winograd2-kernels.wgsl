// Winograd F(2×2, 3×3), the end of the weight gradient: the 16 sums of every kernel become its 3×3 weights Aᵀ·s·A:
//
//   dw[o, i, ky, kx] = (Aᵀ·s·A)[ky, kx],  s[r] = sums[o, r, i]
//
// Aᵀ is that of F(3×3, 2×2): dy's pixels are the taps and the weights the result. sums [G·O, 16, 4·quads] as winograd-multiply.wgsl leaves
// them, dw [G·O, I, 3, 3]; a launch writes the planes [o, i] from `first` to `end`.
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
  let at = o * 16u * quads + quad - params.sumsBase;

  var e: array<vec4f, 12>; // @registers
  // @unroll
  for (var j = 0u; j < 4u; j++) {
    let first = sums[at + (j + 4u) * quads];
    let second = sums[at + (j + 8u) * quads];
    e[j] = sums[at + j * quads] + (first + second);
    e[j + 4u] = first - second;
    e[j + 8u] = (first + second) + sums[at + (j + 12u) * quads];
  }
  var taps: array<vec4f, 9>; // @registers
  // @unroll
  for (var k = 0u; k < 3u; k++) {
    let even = e[k * 4u + 1u] + e[k * 4u + 2u];
    taps[k * 3u] = e[k * 4u] + even;
    taps[k * 3u + 1u] = e[k * 4u + 1u] - e[k * 4u + 2u];
    taps[k * 3u + 2u] = even + e[k * 4u + 3u];
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
