// Reflection padding: y[r, c] = x[r − top, c − left], outside the image its mirror image without the edge repeated
// (−1 → 1, n → n − 2; the padding is smaller than the image).
//
// x [planes, height, width] → y [planes, outHeight, outWidth]. Dispatched by kernels/pad.ts, one thread an element of y.

const WG: u32 = 64;

struct Params {
  first: u32,      // first plane
  planes: u32,
  xBase: u32,
  yBase: u32,
  height: u32, width: u32,        // of x
  outHeight: u32, outWidth: u32,  // of y
  top: u32, left: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

// 2(n − 1) − i for i ≥ n, −i for i < 0.
fn mirror(i: i32, n: i32) -> i32 {
  return n - 1 - abs(n - 1 - abs(i));
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let outArea = params.outHeight * params.outWidth;
  if (index >= params.planes * outArea) { return; }
  let flat = params.first * outArea + index;
  let row = mirror(i32((flat / params.outWidth) % params.outHeight) - i32(params.top), i32(params.height));
  let column = mirror(i32(flat % params.outWidth) - i32(params.left), i32(params.width));
  let at = ((flat / outArea) * params.height + u32(row)) * params.width + u32(column) - params.xBase;
  y[flat - params.yBase] = x[at];
}
