// Sums (or maxima) of contiguous segments: out[row, segment] = Σ value(row·length + segment·SEGMENT + j), j < SEGMENT.
//
// Rows are the elements in front of the reduced axes, `length` the product of those; a longer row takes several passes.
// Segments of 256 never straddle a cut of the tensor, so split and unsplit give the same bits.
// `value` may be a fused elementwise expression over operands of the same shape (losses: Σ|a − b| without the difference stored).
// One thread a segment; where it `ends` rows of at most 256 segments one workgroup a row, whose first thread adds the segments up as
// another pass would: no constant says so, since maps of all sizes share their pipelines. Dispatched by kernels/reduce.ts for sum, mean, the maximum of softmaxCrossEntropy and the losses.

const WG: u32 = 64;
const SEGMENT: u32 = 256; // @joined
alias Value = f32; // @joined

struct Params {
  ends: u32,
  start: u32,      // first segment (flat in out) of this launch, where it ends rows the first of these
  end: u32,
  outBase: u32,
  inStart: u32,    // bound elements of the operands
  inEnd: u32,
  base0: u32, base1: u32, base2: u32, base3: u32, base4: u32, base5: u32, base6: u32, // in Values
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

fn value(i: u32, row: u32) -> Value { return operand0[i - params.base0] + operand1[0] + params.constants[0].x; }
fn segmentOf(row: u32, origin: u32, length: u32, segment: u32) -> f32 { return f32(value(origin, row)); } // @joined
fn sumOfSegments(count: u32) -> f32 { return sums[0]; } // @joined
var<workgroup> sums: array<f32, SEGMENT>; // @joined

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = group.y * groups.x + group.x;
  if (params.ends != 0u) {
    let row = params.start + index;
    if (row >= params.end) { return; }
    for (var s = lane; s < params.segments; s += WG) { sums[s] = segmentOf(row, row * params.length, params.length, s); }
    workgroupBarrier();
    if (lane == 0u) { out[row - params.outBase] = sumOfSegments(params.segments) * params.factor; }
    return;
  }
  let s = params.start + index * WG + lane;
  if (s >= params.end) { return; }
  let row = s / params.segments;
  let segment = s % params.segments;
  let start = row * params.length + segment * SEGMENT;
  if (start < params.inStart || start >= params.inEnd) { return; }
  out[s - params.outBase] = segmentOf(row, row * params.length, params.length, segment) * params.factor;
}
