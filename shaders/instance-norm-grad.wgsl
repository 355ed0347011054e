// Gradient of an instance norm, stage 3 of 3: dx = (1/σ)·(dy − mean(dy) − x̂·mean(dy·x̂)), x̂ = (x − mean)/σ.
//
// dy, x, dx [planes, area]; statistics [planes, 2] (mean, 1/σ) of the forward pass; means [planes, 2] of stage 2.
// dx may be dy or x. Dispatched by kernels/norm.ts, one thread per TILE elements of a plane.

const WG: u32 = 64;
const TILE: u32 = 8;

struct Params {
  first: u32,      // first plane
  planes: u32,
  area: u32,
  dyBase: u32,
  xBase: u32,
  dxBase: u32,
  statisticsBase: u32,
  meansBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> statistics: array<f32>;
@group(0) @binding(4) var<storage, read> means: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

// dy; `known` is x̂ at the same place.
fn load(i: u32, known: f32) -> f32 { return dy[i - params.dyBase]; }

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let area = params.area;
  let step = (area + TILE - 1u) / TILE;
  if (index >= params.planes * step) { return; }
  let plane = params.first + index / step;
  let s = index % step;
  let mean = statistics[plane * 2u - params.statisticsBase];
  let inverse = statistics[plane * 2u + 1u - params.statisticsBase];
  let meanDy = means[plane * 2u - params.meansBase];
  let meanUnit = means[plane * 2u + 1u - params.meansBase];
  let at = plane * area;
  let xAt = at - params.xBase;
  let dxAt = at - params.dxBase;
  // @unroll
  for (var k = 0u; k < TILE; k++) {
    let i = s + k * step;
    if (i < area) {
      let unit = (x[xAt + i] - mean) * inverse;
      dx[dxAt + i] = inverse * (load(at + i, unit) - meanDy - unit * meanUnit);
    }
  }
}
