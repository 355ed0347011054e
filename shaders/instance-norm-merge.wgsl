// Statistics of an instance norm, stage 2 of 2: the lanes' (mean, M2) become the plane's mean and 1/σ.
//
//   mean = Σ n_s·mean_s / area,   M2 = Σ M2_s + n_s·(mean_s − mean)²,   1/σ = 1/√(M2/area + eps)   (biased variance)
// n_s is known from `area` and `lanes`. Both sums run over the lanes in order; the mean is summed as deviations from the
// first lane's, which keeps its last digits where |mean| ≫ σ.
//
// partial [planes, lanes, 2] → statistics [planes, 2] (mean, 1/σ). Dispatched by kernels/norm.ts, one thread a plane.

const WG: u32 = 64;

struct Params {
  first: u32,      // first plane
  planes: u32,
  area: u32,
  lanes: u32,
  eps: f32,
  partialBase: u32,
  statisticsBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> statistics: array<f32>;

// Elements of lane s.
fn held(s: u32, lanes: u32, area: u32) -> f32 { return f32((area - s + lanes - 1u) / lanes); }

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  if (index >= params.planes) { return; }
  let plane = params.first + index;
  let lanes = params.lanes;
  let area = params.area;
  let at = plane * lanes * 2u - params.partialBase;

  let pivot = partial[at];
  var shift = 0.0;
  for (var s = 1u; s < lanes; s++) {
    shift += held(s, lanes, area) * (partial[at + 2u * s] - pivot);
  }
  let mean = pivot + shift / f32(area);
  var m2 = 0.0;
  for (var s = 0u; s < lanes; s++) {
    let delta = partial[at + 2u * s] - mean;
    m2 += partial[at + 2u * s + 1u] + held(s, lanes, area) * delta * delta;
  }
  let to = plane * 2u - params.statisticsBase;
  statistics[to] = mean;
  statistics[to + 1u] = 1.0 / sqrt(m2 / f32(area) + params.eps);
}
