// Gradient of average pooling: dx[r, c] = Σ dy[i, j] / divisor(i, j) over the windows (i, j) that hold the cell, in row order.
//
// Windows and DIVISOR as in pool-average.wgsl. A cell in no window (stride larger than the kernel) gets 0.
//
// dy [planes, outHeight, outWidth] → dx [planes, height, width]. Dispatched by kernels/pool.ts, one thread an element of dx.

const WG: u32 = 64;
const DIVISOR: u32 = 0;

struct Params {
  first: u32,      // first plane
  planes: u32,
  dyBase: u32,
  dxBase: u32,
  height: u32, width: u32,        // of x
  outHeight: u32, outWidth: u32,  // of y
  kernelH: u32, kernelW: u32,
  strideH: u32, strideW: u32,
  top: u32, left: u32,
  bottom: u32, right: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

// Along one axis: cells of window i that count, everything measured from the padded image's corner.
fn counted(i: u32, stride: u32, kernel: u32, before: u32, size: u32, after: u32) -> u32 {
  let start = i * stride;
  if (DIVISOR == 1) { return min(kernel, before + size + after - start); }
  return min(start + kernel, before + size) - max(start, before);
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let area = params.height * params.width;
  if (index >= params.planes * area) { return; }
  let flat = params.first * area + index;
  let height = params.height;
  let width = params.width;
  let top = params.top;
  let left = params.left;
  let bottom = params.bottom;
  let right = params.right;
  let kernelH = params.kernelH;
  let kernelW = params.kernelW;
  let strideH = params.strideH;
  let strideW = params.strideW;
  let outWidth = params.outWidth;
  let row = (flat / width) % height + top;
  let column = flat % width + left;
  let i0 = select(0u, (row - kernelH) / strideH + 1u, row >= kernelH);
  let j0 = select(0u, (column - kernelW) / strideW + 1u, column >= kernelW);
  let i1 = min(row / strideH + 1u, params.outHeight);
  let j1 = min(column / strideW + 1u, outWidth);

  let plane = (flat / area) * params.outHeight * outWidth - params.dyBase;
  var sum = 0.0;
  for (var i = i0; i < i1; i++) {
    let down = counted(i, strideH, kernelH, top, height, bottom);
    let at = plane + i * outWidth;
    for (var j = j0; j < j1; j++) {
      if (DIVISOR == 2) {
        sum += dy[at + j];
      } else {
        sum += dy[at + j] / f32(down * counted(j, strideW, kernelW, left, width, right));
      }
    }
  }
  dx[flat - params.dxBase] = sum;
}
