// Sums (or maxima) of contiguous segments: out[row, segment] = Σ value(row·length + segment·SEGMENT + j), j < SEGMENT.
//
// Rows are the elements in front of the reduced axes, `length` the product of those; a longer row takes several passes. The
// tree depends on the shape alone: segments of 256 never straddle a cut of the tensor, so split and unsplit give the same bits.
// `value` may be a fused elementwise expression over operands of the same shape (losses: Σ|a − b| without the difference stored).
// One thread a segment; as the END of a row of at most 256 segments one workgroup a row, whose first thread adds the segments up as
// another pass would. A Value is a vec4 where rows are whole ones: the same bits, with a quarter of the loads.
// Dispatched by kernels/reduce.ts for sum, mean, the maximum of softmaxCrossEntropy and the losses.

const WG: u32 = 64;
const SEGMENT: u32 = 256;
const LANES: u32 = 8;  // running sums: eight elements
const WIDTH: u32 = 1;  // elements of a Value
const END: bool = false;
alias Value = f32;

struct Params {
  start: u32,      // first segment (flat in out) of this launch, as an END the first row
  end: u32,
  outBase: u32,
  inStart: u32,    // bound elements of the operands
  inEnd: u32,
  base0: u32, base1: u32, base2: u32, base3: u32, base4: u32, base5: u32, base6: u32, // in Values
  end0: u32, end1: u32, end2: u32, end3: u32, end4: u32, end5: u32, end6: u32, // elements of operands that are short
  length: u32,
  segments: u32,   // per row
  factor: f32,     // 1/n on the last pass of a mean
  constants: array<vec4f, 2>,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> operand0: array<Value>;
@group(0) @binding(2) var<storage, read> operand1: array<Value>;
@group(0) @binding(3) var<storage, read> operand2: array<Value>;
@group(0) @binding(4) var<storage, read> operand3: array<Value>;
@group(0) @binding(5) var<storage, read> operand4: array<Value>;
@group(0) @binding(6) var<storage, read> operand5: array<Value>;
@group(0) @binding(7) var<storage, read> operand6: array<Value>;
@group(0) @binding(8) var<storage, read_write> out: array<f32>;

var<workgroup> sums: array<f32, SEGMENT>;

fn value(i: u32) -> Value { return operand0[i - params.base0] + operand1[0] + params.constants[0].x; }
fn join(a: Value, b: Value) -> Value { return a + b; }
fn joinOne(a: f32, b: f32) -> f32 { return a + b; }
fn first(v: Value) -> f32 { return v; }
fn next(total: f32, v: Value) -> f32 { return total + v; }

// Eight running sums: eight times less rounding than one, and independent additions.
fn segmentOf(row: u32, segment: u32) -> f32 {
  let offset = segment * SEGMENT;
  let start = (row * params.length + offset) / WIDTH;
  let end = start + min(SEGMENT, params.length - offset) / WIDTH;
  var lanes: array<Value, LANES>;
  for (var k = 0u; k < LANES; k++) { lanes[k] = value(min(start + k, end - 1u)); }
  var i = start + LANES;
  for (; i + LANES <= end; i += LANES) {
    for (var k = 0u; k < LANES; k++) { lanes[k] = join(lanes[k], value(i + k)); }
  }
  for (var k = 0u; i + k < end; k++) { lanes[k] = join(lanes[k], value(i + k)); }
  let count = min(LANES, end - start);
  var total = first(lanes[0]);
  for (var k = 1u; k < count; k++) { total = next(total, lanes[k]); }
  return total;
}

fn sumOfSegments() -> f32 {
  let count = params.segments;
  var lanes: array<f32, 8>;
  for (var k = 0u; k < 8u; k++) { lanes[k] = sums[min(k, count - 1u)]; }
  for (var i = 8u; i < count; i++) { lanes[i % 8u] = joinOne(lanes[i % 8u], sums[i]); }
  var total = lanes[0];
  for (var k = 1u; k < min(8u, count); k++) { total = joinOne(total, lanes[k]); }
  return total;
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = group.y * groups.x + group.x;
  if (END) {
    let row = params.start + index;
    if (row >= params.end) { return; }
    for (var s = lane; s < params.segments; s += WG) { sums[s] = segmentOf(row, s); }
    workgroupBarrier();
    if (lane == 0u) { out[row - params.outBase] = sumOfSegments() * params.factor; }
    return;
  }
  let s = params.start + index * WG + lane;
  if (s >= params.end) { return; }
  let row = s / params.segments;
  let segment = s % params.segments;
  let start = row * params.length + segment * SEGMENT;
  if (start < params.inStart || start >= params.inEnd) { return; }
  out[s - params.outBase] = segmentOf(row, segment) * params.factor;
}
