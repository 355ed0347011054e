// Sums (or maxima) of contiguous segments: out[row, segment] = Σ value(row·length + segment·SEGMENT + j), j < SEGMENT.
//
// Rows are the elements in front of the reduced axes, `length` the product of those; a longer row takes several passes. The
// tree depends on the shape alone: segments of 256 never straddle a cut of the tensor, so split and unsplit give the same bits.
// `value` may be a fused elementwise expression over operands of the same shape (losses: Σ|a − b| without the difference stored).
// One thread a segment. Dispatched by kernels/reduce.ts for sum, mean, the maximum of softmaxCrossEntropy and the losses.

const WG: u32 = 64;
const SEGMENT: u32 = 256;

struct Params {
  start: u32,      // first segment (flat in out) of this launch
  end: u32,
  outBase: u32,
  inStart: u32,    // bound elements of the operands
  inEnd: u32,
  base0: u32, base1: u32, base2: u32, base3: u32, base4: u32, base5: u32, base6: u32,
  length: u32,
  segments: u32,   // per row
  factor: f32,     // 1/n on the last pass of a mean
  constants: array<vec4f, 2>,
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

fn value(i: u32, at: vec4u) -> f32 { return operand0[i - params.base0] + operand1[0] + params.constants[0].x; }
fn join(a: f32, b: f32) -> f32 { return a + b; }

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let s = params.start + (group.y * groups.x + group.x) * WG + lane;
  if (s >= params.end) { return; }
  let row = s / params.segments;
  let offset = (s % params.segments) * SEGMENT;
  let first = row * params.length + offset;
  if (first < params.inStart || first >= params.inEnd) { return; }
  let last = first + min(SEGMENT, params.length - offset);
  let at = vec4u(0u);
  // Eight running sums: eight times less rounding than one, and independent additions.
  var lanes: array<f32, 8>;
  for (var k = 0u; k < 8u; k++) { lanes[k] = value(min(first + k, last - 1u), at); }
  var i = first + 8u;
  for (; i + 8u <= last; i += 8u) {
    for (var k = 0u; k < 8u; k++) { lanes[k] = join(lanes[k], value(i + k, at)); }
  }
  for (var k = 0u; i + k < last; k++) { lanes[k] = join(lanes[k], value(i + k, at)); }
  let count = min(8u, last - first);
  var total = lanes[0];
  for (var k = 1u; k < count; k++) { total = join(total, lanes[k]); }
  out[s - params.outBase] = total * params.factor;
}
