// Average pooling: y[i, j] = Σ x over the cells of window (i, j) inside the image / divisor(i, j), added in row order.
//
// Window (i, j) begins at row i·strideH − top, column j·strideW − left. DIVISOR counts: 0 its cells inside the image; 1 those
// inside the padded image (with ceilMode a last window reaches further; cells there count for nothing); 2 none: a plain sum.
// No window is empty: the shape rule of graph/ops/pool.ts sees to that.
//
// x [planes, height, width] → y [planes, outHeight, outWidth]. Dispatched by kernels/pool.ts, one thread an element of y.

const WG: u32 = 64;
const DIVISOR: u32 = 0;

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
  bottom: u32, right: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let outArea = params.outHeight * params.outWidth;
  if (index >= params.planes * outArea) { return; }
  let flat = params.first * outArea + index;
  let i = (flat / params.outWidth) % params.outHeight;
  let j = flat % params.outWidth;
  // Rows and columns counted from the padded image's corner: nothing is negative there.
  let height = params.height;
  let width = params.width;
  let row = i * params.strideH;
  let column = j * params.strideW;
  let row0 = max(row, params.top);
  let row1 = min(row + params.kernelH, params.top + height);
  let column0 = max(column, params.left);
  let column1 = min(column + params.kernelW, params.left + width);

  let plane = (flat / outArea) * height * width - params.xBase;
  var at = plane + (row0 - params.top) * width + column0 - params.left;
  let across = column1 - column0;
  var sum = 0.0;
  for (var r = row0; r < row1; r++) {
    for (var s = 0u; s < across; s++) {
      sum += x[at + s];
    }
    at += width;
  }
  if (DIVISOR == 0) {
    sum /= f32((row1 - row0) * across);
  } else if (DIVISOR == 1) {
    let down = min(params.kernelH, params.top + height + params.bottom - row);
    sum /= f32(down * min(params.kernelW, params.left + width + params.right - column));
  }
  y[flat - params.yBase] = sum;
}
