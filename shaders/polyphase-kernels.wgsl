// Convolutions of up to 4×4 taps as Winograd's F(3×3, 2×2), the end of the weight gradient: the 16 sums of every phase of a kernel
// become its 2×2 taps, Gᵀ·s·G:
//
//   dw[o, i, S·a + (3 − S)·py, S·b + (3 − S)·px] = (Gᵀ·s·G)[a, b],  s[r] = sums[o, r, phase·4·quads + i],  within the kernel
//
// S and phases as in polyphase-input.wgsl. sums [G·O, 16, 4·4·quads] as winograd-multiply.wgsl leaves them, dw [G·O, I, KH, KW]; a launch
// writes the planes [o, i] from `first` to `end`.
// Dispatched by kernels/tile-sums.ts; a thread owns two rows of the kernels of four input channels side by side: vec4 are loaded and stored in
// half the time of four numbers, and all rows at once would compile for 3 s (lavapipe).

const WG: u32 = 64;
const STRIDE: u32 = 2;
const APART: u32 = 1;          // 3 − STRIDE
alias Stored = vec4f;          // or f32

struct Params {
  first: u32, end: u32,          // planes of this launch
  output0: u32, outputs: u32,    // their output channels
  inputs: u32,                   // I
  quads: u32,                    // vec4 of them
  height: u32, width: u32,       // KH, KW
  sumsBase: u32, dwBase: u32,    // sumsBase counts vec4
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dw: array<Stored>;

// A row of a kernel's taps: of four, or with what is beyond the kernel.
fn put(plane: u32, ky: u32, line: vec4f) { dw[plane * 4u + ky - params.dwBase / 4u] = line; }

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let py = index % 2u;
  let quads = params.quads;
  let quad = index / 2u % quads;
  let output = index / 2u / quads;
  if (output >= params.outputs) { return; }
  let o = params.output0 + output;
  let row = 4u * quads;

  var taps: array<vec4f, 8>; // @registers
  // @unroll
  for (var px = 0u; px < 2u; px++) {
    let phase = 2u * py + (px ^ py ^ 1u);
    let at = o * 16u * row + phase * quads + quad - params.sumsBase;
    var e: array<vec4f, 8>; // @registers
    // @unroll
    for (var j = 0u; j < 4u; j++) {
      let first = sums[at + (j + 4u) * row];
      let second = sums[at + (j + 8u) * row];
      e[j] = sums[at + j * row] + 0.5 * (first + second);
      e[j + 4u] = 0.5 * (first - second) + sums[at + (j + 12u) * row];
    }
    // @unroll
    for (var a = 0u; a < 2u; a++) {
      taps[a * 4u + px * APART] = e[a * 4u] + 0.5 * (e[a * 4u + 1u] + e[a * 4u + 2u]);
      taps[a * 4u + STRIDE + px * APART] = 0.5 * (e[a * 4u + 1u] - e[a * 4u + 2u]) + e[a * 4u + 3u];
    }
  }
  // @unroll
  for (var c = 0u; c < 4u; c++) {
    let i = quad * 4u + c;
    let plane = o * params.inputs + i;
    if (i < params.inputs && plane >= params.first && plane < params.end) {
      // @unroll
      for (var a = 0u; a < 2u; a++) {
        put(plane, a * STRIDE + py * APART, vec4f(taps[a * 4u][c], taps[a * 4u + 1u][c], taps[a * 4u + 2u][c], taps[a * 4u + 3u][c]));
      }
    }
  }
}
