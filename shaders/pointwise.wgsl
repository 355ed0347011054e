// Elementwise map with numpy broadcasting: out[i] = f(operand0[i0], operand1[i1], …), up to four operands.
//
// `value` is the fused expression, `load0`…`load3` say how each operand is reached: same shape (index i), one element,
// a constant of the uniform block, or broadcast through strides (axis d: size, then one stride per operand, 0 where it repeats).
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
  base0: u32, base1: u32, base2: u32, base3: u32,
  end0: u32, end1: u32, end2: u32, end3: u32,
  constants: vec4f,
  sizes: array<vec4u, 8>,    // .x: axis sizes, innermost first
  strides: array<vec4u, 8>,  // of the four operands
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> operand0: array<f32>;
@group(0) @binding(2) var<storage, read> operand1: array<f32>;
@group(0) @binding(3) var<storage, read> operand2: array<f32>;
@group(0) @binding(4) var<storage, read> operand3: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

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

fn load0(i: u32, at: vec4u) -> f32 { return operand0[i - params.base0]; }
fn load1(i: u32, at: vec4u) -> f32 { return operand1[at.y - params.base1]; }
fn load2(i: u32, at: vec4u) -> f32 { return operand2[0]; }
fn load3(i: u32, at: vec4u) -> f32 { return params.constants.w; }
fn inside(at: vec4u) -> bool { return true; }
fn place(i: u32) -> vec4u { return strided(i); }
fn value(i: u32, at: vec4u) -> f32 { return load0(i, at) + load1(i, at) + load2(i, at) + load3(i, at); }

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
