// Statistics of an instance norm, stage 1 of 2: mean and sum of squared deviations (M2) of every lane of a plane.
//
// A plane of `area` elements is dealt to `lanes` threads like cards: lane s reads s, s + lanes, s + 2·lanes, …, so that
// neighbouring threads read neighbouring elements. A lane takes BLOCK elements into registers, finds their mean and M2 in
// two passes there, and merges them into its own (Chan, Golub, LeVeque):
//   δ = mean_b − mean,  mean += δ·b/(n + b),  M2 += M2_b + δ²·n·b/(n + b)
// E[x²] − E[x]² would lose everything where |mean| ≫ σ. The number of lanes depends on `area` alone, so the sums have
// one order whatever the device and the bindings. No workgroup memory and no barrier: those dominate on CPU adapters.
//
// x [planes, area] → partial [planes, lanes, 2] (mean, M2). Dispatched by kernels/norm.ts, one thread a lane.

const WG: u32 = 64;
const BLOCK: u32 = 16;

struct Params {
  first: u32,      // first plane
  planes: u32,
  area: u32,
  lanes: u32,
  xBase: u32,
  partialBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let lanes = params.lanes;
  if (index >= params.planes * lanes) { return; }
  let s = index % lanes;
  let count = (params.area - s + lanes - 1u) / lanes;
  var at = (params.first + index / lanes) * params.area + s - params.xBase;

  var mean = 0.0;
  var m2 = 0.0;
  var n = 0.0;
  for (var block = 0u; block < count / BLOCK; block++) {
    var v: array<f32, BLOCK>; // @registers
    var total = 0.0;
    // @unroll
    for (var k = 0u; k < BLOCK; k++) {
      v[k] = x[at + k * lanes];
      total += v[k];
    }
    let blockMean = total / f32(BLOCK);
    var blockM2 = 0.0;
    // @unroll
    for (var k = 0u; k < BLOCK; k++) {
      blockM2 += (v[k] - blockMean) * (v[k] - blockMean);
    }
    let delta = blockMean - mean;
    let share = f32(BLOCK) / (n + f32(BLOCK));
    mean += delta * share;
    m2 += blockM2 + delta * delta * n * share;
    n += f32(BLOCK);
    at += BLOCK * lanes;
  }
  for (var k = 0u; k < count % BLOCK; k++) {
    let delta = x[at + k * lanes] - mean;
    let share = 1.0 / (n + 1.0);
    mean += delta * share;
    m2 += delta * delta * n * share;
    n += 1.0;
  }
  let to = ((params.first * lanes) + index) * 2u - params.partialBase;
  partial[to] = mean;
  partial[to + 1u] = m2;
}
