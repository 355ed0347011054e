// Sums (or maxima) over a middle axis: out[o, i] = Σ_m x[o, m, i], m in order, i the fast index.
//
// `x` may be bound in parts: a launch covers the m whose elements lie in [inStart, inEnd) and continues from the stored value
// unless it holds m = 0, so that split and unsplit give the same bits. One thread an output.
// Dispatched by kernels/reduce.ts for reductions over the batch or channel axis.

const WG: u32 = 64;

struct Params {
  start: u32,      // first output of this launch, flat
  end: u32,
  outBase: u32,
  inStart: u32,
  inEnd: u32,
  inBase: u32,
  middle: u32,
  inner: u32,
  factor: f32,     // applied with the last m
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

fn join(a: f32, b: f32) -> f32 { return a + b; }

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let t = params.start + (group.y * groups.x + group.x) * WG + lane;
  if (t >= params.end) { return; }
  let inner = params.inner;
  let origin = (t / inner) * params.middle * inner + t % inner;
  // Elements origin + m·inner inside the bound range.
  let first = select(0u, (params.inStart - min(params.inStart, origin) + inner - 1u) / inner, params.inStart > origin);
  let beyond = min(params.middle, select(0u, (params.inEnd - min(params.inEnd, origin) + inner - 1u) / inner, params.inEnd > origin));
  if (first >= beyond) { return; }
  var at = origin + first * inner - params.inBase;
  var total = 0.0;
  var m = first;
  if (first == 0u) {
    total = x[at];
    m = 1u;
    at += inner;
  } else {
    total = out[t - params.outBase];
  }
  for (; m < beyond; m++) {
    total = join(total, x[at]);
    at += inner;
  }
  out[t - params.outBase] = select(total, total * params.factor, beyond == params.middle);
}
