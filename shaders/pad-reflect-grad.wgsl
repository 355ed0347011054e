// Gradient of reflection padding: the padded gradient folded back.
//
//   dx[r, c] = Σ dy over the up to 3 × 3 places that cell (r, c) was copied to:
//   along an axis of n cells, padded by a in front and b behind:
//   a + r always,  a − r where 1 ≤ r ≤ a,  a + 2(n − 1) − r where n − 1 − b ≤ r ≤ n − 2.
//
// dy [planes, outHeight, outWidth] → dx [planes, height, width]. Dispatched by kernels/pad.ts, one thread an element of dx.

const WG: u32 = 64;

struct Params {
  first: u32,      // first plane
  planes: u32,
  dyBase: u32,
  dxBase: u32,
  height: u32, width: u32,        // of dx
  outHeight: u32, outWidth: u32,  // of dy
  top: u32, left: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

// The k-th place of cell i, or `padded` where there is none.
fn place(k: u32, i: u32, n: u32, before: u32, padded: u32) -> u32 {
  if (k == 0u) { return before + i; }
  if (k == 1u) { return select(padded, before - i, i >= 1u && i <= before); }
  return select(padded, min(before + 2u * (n - 1u) - i, padded), i + 1u < n);
}

fn emit(value: f32, i: u32) -> f32 { return value; }

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let area = params.height * params.width;
  if (index >= params.planes * area) { return; }
  let flat = params.first * area + index;
  let height = params.height;
  let width = params.width;
  let outHeight = params.outHeight;
  let outWidth = params.outWidth;
  let top = params.top;
  let left = params.left;
  let r = (flat / width) % height;
  let c = flat % width;
  let plane = (flat / area) * outHeight * outWidth - params.dyBase;
  var sum = 0.0;
  for (var i = 0u; i < 3u; i++) {
    let row = place(i, r, height, top, outHeight);
    if (row == outHeight) { continue; }
    for (var j = 0u; j < 3u; j++) {
      let column = place(j, c, width, left, outWidth);
      if (column < outWidth) { sum += dy[plane + row * outWidth + column]; }
    }
  }
  dx[flat - params.dxBase] = emit(sum, flat);
}
