// Elementwise map with numpy broadcasting: out[i] = f(operand0[i0], operand1[i1], …), up to seven operands.
//
// `value` is the fused expression; it reaches an operand at index i where it has the same shape, at 0 where it has one element,
// or, the first four alone, through strides (axis d: size, then one stride per operand, 0 where it repeats). Constants stand in
// the uniform block.
// Layout: any shape, row-major; a thread owns TILE elements of the bound chunk of `out`, WG apart, so that neighbours lie
// side by side. A broadcast operand cut into several
// chunks is met by several launches; `inside` then lets each element be written by the one that holds its operands.
// Dispatched by kernels/pointwise.ts for every elementwise op and gradient.

const WG: u32 = 64;
const TILE: u32 = 8;
const RANK: u32 = 4;

struct Params {
  start: u32,
  end: u32,
  outBase: u32,
  base0: u32, base1: u32, base2: u32, base3: u32, base4: u32, base5: u32, base6: u32,
  end0: u32, end1: u32, end2: u32, end3: u32,
  constants: array<vec4f, 2>,
  sizes: array<vec4u, 8>,    // .x: axis sizes, innermost first
  strides: array<vec4u, 8>,  // of the first four operands
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> operand0: array<f32>;
@group(0) @binding(2) var<storage, read> operand1: array<f32>;
@group(0) @binding(3) var<storage, read> operand2: array<f32>;
@group(0) @binding(4) var<storage, read> operand3: array<f32>;
@group(0) @binding(5) var<storage, read> operand4: array<f32>;
@group(0) @binding(6) var<storage, read> operand5: array<f32>;
@group(0) @binding(7) var<storage, read> operand6: array<f32>;
@group(0) @binding(8) var<storage, read_write> out: array<f32>;

fn strided(i: u32) -> vec4u {
  var rest = i;
  var index = vec4u(0u);
  for (var d = 0u; d < RANK; d++) {
    let size = params.sizes[d].x;
    index += (rest % size) * params.strides[d];
    rest /= size;
  }
  return index;
}

fn inside(at: vec4u) -> bool { return true; }
fn place(i: u32) -> vec4u { return strided(i); }
fn value(i: u32, at: vec4u) -> f32 { return operand0[i - params.base0] + operand1[at.y - params.base1] + operand2[0] + params.constants[0].x; }

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = params.start + (group.y * groups.x + group.x) * WG * TILE + lane;
  for (var k = 0u; k < TILE; k++) {
    let i = first + k * WG;
    if (i >= params.end) { return; }
    let at = place(i);
    if (inside(at)) { out[i - params.outBase] = value(i, at); }
  }
}
