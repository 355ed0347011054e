// A function of several sums at once: out = f(s₀, s₁, …), sₖ = factorₖ · Σ value(i, k). Losses end here, and their sum.
//
// Value k is an expression of some of the operands, mostly of one. There are up to SEGMENT² elements of each, which are added up in the tree of reduce-tree.wgsl, so that the bits are those of a pass for each
// sum and one for f; a scalar is a sum of one. One workgroup. Dispatched by kernels/reduce.ts (graph/ends.ts).

const WG: u32 = 64;
const TERMS: u32 = 7;
const SEGMENT: u32 = 256; // @joined

struct Params {
  lengths: array<vec4u, 2>,
  factors: array<vec4f, 2>,
  bases: array<vec4u, 2>,     // of the operands
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

var<workgroup> totals: array<f32, TERMS>;

fn value(i: u32, term: u32) -> f32 { if (term == 0u) { return operand0[i - params.bases[0][0]]; } return operand1[i - params.bases[0][1]]; }
fn ended() -> f32 { return totals[0] + totals[1] + params.constants[0].x; }
fn segmentOf(row: u32, origin: u32, length: u32, segment: u32) -> f32 { return value(origin, row); } // @joined
fn sumOfSegments(count: u32) -> f32 { return sums[0]; } // @joined
var<workgroup> sums: array<f32, SEGMENT>; // @joined

@compute @workgroup_size(WG)
fn main(@builtin(local_invocation_index) lane: u32) {
  for (var term = 0u; term < TERMS; term++) {
    let length = params.lengths[term / 4u][term % 4u];
    let segments = (length + SEGMENT - 1u) / SEGMENT;
    for (var s = lane; s < segments; s += WG) { sums[s] = segmentOf(term, 0u, length, s); }
    workgroupBarrier();
    if (lane == 0u) { totals[term] = sumOfSegments(segments) * params.factors[term / 4u][term % 4u]; }
    workgroupBarrier();
  }
  if (lane == 0u) { out[0] = ended(); }
}
