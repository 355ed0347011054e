// Gradient of an instance norm, stage 1 of 3: per lane of a plane the sums Σ dy and Σ dy·x̂, x̂ = (x − mean)/σ.
//
// Lanes as in instance-norm-statistics.wgsl. Elements are summed in blocks of 16 and the blocks one after another: the
// error of a sum grows with its length, and a lane can be thousands long.
//
// dy, x [planes, area], statistics [planes, 2] → partial [planes, lanes, 2]. Dispatched by kernels/norm.ts, one thread a lane.

const WG: u32 = 64;
const BLOCK: u32 = 16;

struct Params {
  first: u32,      // first plane
  planes: u32,
  area: u32,
  lanes: u32,
  dyBase: u32,
  xBase: u32,
  statisticsBase: u32,
  partialBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> statistics: array<f32>;
@group(0) @binding(4) var<storage, read_write> partial: array<f32>;

// dy; `known` is x̂ at the same place.
fn load(i: u32, known: f32) -> f32 { return dy[i - params.dyBase]; }

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let lanes = params.lanes;
  if (index >= params.planes * lanes) { return; }
  let s = index % lanes;
  let plane = params.first + index / lanes;
  let count = (params.area - s + lanes - 1u) / lanes;
  let mean = statistics[plane * 2u - params.statisticsBase];
  let inverse = statistics[plane * 2u + 1u - params.statisticsBase];
  var at = plane * params.area + s;
  var xAt = plane * params.area + s - params.xBase;

  var sum = 0.0;
  var sumUnit = 0.0;
  for (var start = 0u; start < count; start += BLOCK) {
    let length = min(BLOCK, count - start);
    var blockSum = 0.0;
    var blockUnit = 0.0;
    for (var k = 0u; k < length; k++) {
      let unit = (x[xAt] - mean) * inverse;
      let g = load(at, unit);
      blockSum += g;
      blockUnit += g * unit;
      at += lanes;
      xAt += lanes;
    }
    sum += blockSum;
    sumUnit += blockUnit;
  }
  let to = ((params.first * lanes) + index) * 2u - params.partialBase;
  partial[to] = sum;
  partial[to + 1u] = sumUnit;
}
