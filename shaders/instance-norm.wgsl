// Instance norm: y = (x − mean)·(1/σ) with the statistics of the plane. Weight and bias are separate ops.
//
// x, y [planes, area], statistics [planes, 2] (mean, 1/σ) of instance-norm-merge.wgsl; y may be x.
// Dispatched by kernels/norm.ts, one thread per TILE elements of a plane: they share two loads and a division of the index.

const WG: u32 = 64;
const TILE: u32 = 8;

struct Params {
  first: u32,      // first plane
  planes: u32,
  area: u32,
  xBase: u32,
  yBase: u32,
  statisticsBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> statistics: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

fn emit(value: f32, i: u32) -> f32 { return value; }

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
  let at = plane * area;
  let xAt = at - params.xBase;
  let yAt = at - params.yBase;
  // @unroll
  for (var k = 0u; k < TILE; k++) {
    let i = s + k * step;
    if (i < area) { y[yAt + i] = emit((x[xAt + i] - mean) * inverse, at + i); }
  }
}
