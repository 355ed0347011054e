// Max pooling: y[i, j] = the largest x of window (i, j) inside the image; a NaN in the window makes it NaN.
//
// Window (i, j) begins at row i·strideH − top, column j·strideW − left; the padding never wins and no window is empty.
//
// x [planes, height, width] → y [planes, outHeight, outWidth]. Dispatched by kernels/pool.ts, one thread an element of y.

const WG: u32 = 64;

struct Params {
  first: u32,      // first plane
  planes: u32,
  xBase: u32,
  yBase: u32,
  height: u32, width: u32,        // of x
  outHeight: u32, outWidth: u32,  // of y
  kernelH: u32, kernelW: u32,
  strideH: u32, strideW: u32,
  top: u32, left: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

// A NaN wins over everything and stays, as in torch; told by its bits, since `v != v` may be folded away and max(NaN, v) be v.
fn beats(v: f32, best: f32) -> bool {
  return v > best || (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u;
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let outArea = params.outHeight * params.outWidth;
  if (index >= params.planes * outArea) { return; }
  let flat = params.first * outArea + index;
  // Rows and columns counted from the padded image's corner: nothing is negative there.
  let width = params.width;
  let row = ((flat / params.outWidth) % params.outHeight) * params.strideH;
  let column = (flat % params.outWidth) * params.strideW;
  let row0 = max(row, params.top);
  let row1 = min(row + params.kernelH, params.top + params.height);
  let column0 = max(column, params.left);
  let across = min(column + params.kernelW, params.left + width) - column0;

  let plane = (flat / outArea) * params.height * width - params.xBase;
  var at = plane + (row0 - params.top) * width + column0 - params.left;
  var best = x[at];
  for (var r = row0; r < row1; r++) {
    for (var s = 0u; s < across; s++) {
      let v = x[at + s];
      if (beats(v, best)) { best = v; }
    }
    at += width;
  }
  y[flat - params.yBase] = best;
}
