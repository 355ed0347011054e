// Nearest-neighbour enlargement: y[r, c] = x[r / factorH, c / factorW].
//
// x [planes, height, width] → y [planes, height·factorH, width·factorW]. Dispatched by kernels/pool.ts, one thread an element
// of y. Its gradient is the sum over windows of factorH × factorW: pool-average.wgsl without a divisor.

const WG: u32 = 64;

struct Params {
  first: u32,      // first plane
  planes: u32,
  xBase: u32,
  yBase: u32,
  height: u32, width: u32,  // of x
  factorH: u32, factorW: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let outWidth = params.width * params.factorW;
  let outArea = params.height * params.factorH * outWidth;
  if (index >= params.planes * outArea) { return; }
  let flat = params.first * outArea + index;
  // Row of all planes together: a plane is a whole number of rows, so one division serves both.
  let row = (flat / outWidth) / params.factorH;
  let column = (flat % outWidth) / params.factorW;
  y[flat - params.yBase] = x[row * params.width + column - params.xBase];
}
