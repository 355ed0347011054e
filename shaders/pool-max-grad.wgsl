// Gradient of max pooling: dx[r, c] = Σ dy[i, j] over the windows (i, j) whose winner is this cell, in row order.
//
// The first of equal maxima wins, the last of several NaNs (both as in torch). Winners are found again here: a gather with
// kernelH·kernelW loads for each of the windows over a cell, instead of a map of indices kept from the forward pass.
//
// x [planes, height, width], dy [planes, outHeight, outWidth] → dx [planes, height, width]; windows as in pool-max.wgsl.
// Dispatched by kernels/pool.ts, one thread an element of dx.

const WG: u32 = 64;

struct Params {
  first: u32,      // first plane
  planes: u32,
  dyBase: u32,
  xBase: u32,
  dxBase: u32,
  height: u32, width: u32,        // of x
  outHeight: u32, outWidth: u32,  // of y
  kernelH: u32, kernelW: u32,
  strideH: u32, strideW: u32,
  top: u32, left: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

// A NaN wins over everything and stays, as in torch; told by its bits, since `v != v` may be folded away and max(NaN, v) be v.
fn beats(v: f32, best: f32) -> bool {
  return v > best || (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u;
}

// Where in x the winner of the cells [row0, row1) × [column0, column1) of the plane at `plane` is.
fn winner(plane: u32, row0: u32, row1: u32, column0: u32, column1: u32, width: u32) -> u32 {
  var at = plane + row0 * width + column0;
  var best = x[at];
  for (var r = row0; r < row1; r++) {
    for (var c = column0; c < column1; c++) {
      let v = x[plane + r * width + c];
      if (beats(v, best)) {
        best = v;
        at = plane + r * width + c;
      }
    }
  }
  return at;
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let height = params.height;
  let width = params.width;
  let area = height * width;
  if (index >= params.planes * area) { return; }
  let flat = params.first * area + index;
  let top = params.top;
  let left = params.left;
  let kernelH = params.kernelH;
  let kernelW = params.kernelW;
  let strideH = params.strideH;
  let strideW = params.strideW;
  let outWidth = params.outWidth;
  // Rows and columns counted from the padded image's corner: nothing is negative there.
  let row = (flat / width) % height + top;
  let column = flat % width + left;
  let i0 = select(0u, (row - kernelH) / strideH + 1u, row >= kernelH);
  let j0 = select(0u, (column - kernelW) / strideW + 1u, column >= kernelW);
  let i1 = min(row / strideH + 1u, params.outHeight);
  let j1 = min(column / strideW + 1u, outWidth);

  let dyPlane = (flat / area) * params.outHeight * outWidth - params.dyBase;
  let xPlane = (flat / area) * area - params.xBase;
  let own = flat - params.xBase;
  var sum = 0.0;
  for (var i = i0; i < i1; i++) {
    let row0 = max(i * strideH, top) - top;
    let row1 = min(i * strideH + kernelH - top, height);
    for (var j = j0; j < j1; j++) {
      let column0 = max(j * strideW, left) - left;
      let column1 = min(j * strideW + kernelW - left, width);
      if (winner(xPlane, row0, row1, column0, column1, width) == own) { sum += dy[dyPlane + i * outWidth + j]; }
    }
  }
  dx[flat - params.dxBase] = sum;
}
