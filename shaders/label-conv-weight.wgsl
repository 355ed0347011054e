// The weight gradient of label-conv.wgsl in parts, each from some rows of dy:
//
//   sums[n, o, part, c, ty, tx] = Σ dy[n, o, y, x] over the part's rows y and all x whose tap (ty, tx) falls on class c
//
// ids [N, 1, H, W]; dy [N, O, OH, OW]; sums [N, O, parts · classes · KH · KW]. A thread owns a channel, a part, a row of taps and those
// of its taps that meet the same columns: tx = r + S·k, S the stride. It goes along the rows of ids once, with the last values of dy in
// registers, and adds them up while the class stays: only where it changes do sums go to memory. Threads side by side are
// channels of one row, so they all change class together. No other thread has the same sums, so the order is always the same.
// Dispatched by kernels/label-conv.ts.

const WG: u32 = 32;
const TAPS: u32 = 7;         // ⌈KW / S⌉
const OLDER: u32 = 6;        // TAPS − 1
const REFLECT: bool = false;

struct Params {
  first: u32, planes: u32,                          // of dy, of this launch
  planeGroups: u32,                                 // workgroups for them
  outputs: u32, classes: u32,
  height: i32, width: i32, dyHeight: u32, dyWidth: u32,
  kernelHeight: u32, kernelWidth: u32,
  strideY: i32, strideX: u32, top: i32, left: i32,
  parts: u32, rows: u32,                            // of a plane, and rows of a part
  idsBase: u32, dyBase: u32, sumsBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;

fn fold(i: i32, size: i32) -> i32 {
  if (!REFLECT) { return i; }
  let j = abs(i);
  return select(j, 2 * (size - 1) - j, j >= size);
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  var index = group.y * groups.x + group.x;
  let plane = params.first + index % params.planeGroups * WG + lane;
  index /= params.planeGroups;
  let r = index % params.strideX;
  index /= params.strideX;
  let ty = index % params.kernelHeight;
  let part = index / params.kernelHeight;
  if (part >= params.parts || plane >= params.first + params.planes || r >= params.kernelWidth) { return; }

  let area = params.kernelHeight * params.kernelWidth;
  let own = (plane * params.parts + part) * params.classes * area + ty * params.kernelWidth + r - params.sumsBase;
  let taps = (params.kernelWidth - r + params.strideX - 1u) / params.strideX;
  for (var c = 0u; c < params.classes; c++) {
    for (var k = 0u; k < taps; k++) { sums[own + c * area + k * params.strideX] = 0.0; }
  }

  let idsPlane = plane / params.outputs * u32(params.height * params.width) - params.idsBase;
  let dyPlane = plane * params.dyHeight * params.dyWidth - params.dyBase;
  var sum: array<f32, TAPS>; // @registers
  var current = params.classes;                     // none
  let end = min((part + 1u) * params.rows, params.dyHeight);
  for (var y = part * params.rows; y < end; y++) {
    let yy = fold(i32(y) * params.strideY + i32(ty) + params.top, params.height);
    if (yy < 0 || yy >= params.height) { continue; }
    let line = idsPlane + u32(yy * params.width);
    let row = dyPlane + y * params.dyWidth;
    var last: array<f32, TAPS>; // @registers
    for (var j = 0u; j < params.dyWidth + taps - 1u; j++) {
      var next: array<f32, TAPS>; // @registers
      next[0u] = select(0.0, dy[row + min(j, params.dyWidth - 1u)], j < params.dyWidth);
      // @unroll
      for (var k = 0u; k < OLDER; k++) {
        next[k + 1u] = last[k];
      }
      // @unroll
      for (var k = 0u; k < TAPS; k++) {
        last[k] = next[k];
      }
      let xx = fold(i32(j * params.strideX + r) + params.left, params.width);
      var kind = params.classes;
      if (xx >= 0 && xx < params.width) { kind = min(u32(ids[line + u32(xx)]), params.classes); }
      if (kind != current) {
        if (current < params.classes) {
          // @unroll
          for (var k = 0u; k < TAPS; k++) {
            if (k < taps) { sums[own + current * area + k * params.strideX] += sum[k]; }
          }
        }
        current = kind;
        // @unroll
        for (var k = 0u; k < TAPS; k++) {
          sum[k] = 0.0;
        }
      }
      // @unroll
      for (var k = 0u; k < TAPS; k++) {
        sum[k] += last[k];
      }
    }
  }
  if (current < params.classes) {
    // @unroll
    for (var k = 0u; k < TAPS; k++) {
      if (k < taps) { sums[own + current * area + k * params.strideX] += sum[k]; }
    }
  }
}
