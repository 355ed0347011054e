// A copy of x whose rows can be read in aligned vec4, without a test for the border, whatever padding and stride:
//
//   columns[n, c, y, phase, j] = x[n, c, y + top, j·SX + phase + left],  mirrored or 0 outside of x
//
// x [N, C, H, W]; columns [N, C, rows, SX, 4·quads]: a row's columns by their remainder mod SX, so that a convolution of
// stride SX finds the pixels of neighbouring outputs side by side. Both are ranges of planes [n, c].
// Dispatched by kernels/conv-quads.ts before conv-quads.wgsl and conv-weight-quads.wgsl; a thread owns TILE vec4 of a row.

const WG: u32 = 64;
const TILE: u32 = 4;
const SX: u32 = 1;
const REFLECT: bool = false;

struct Params {
  first: u32, planes: u32,       // of this launch
  height: i32, width: i32,       // of x
  rows: u32, quads: u32,         // of a plane of columns
  top: i32, left: i32,
  xBase: u32, columnsBase: u32,  // first bound element; columnsBase counts vec4
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> columns: array<vec4f>;

fn fold(i: i32, size: i32) -> i32 {
  if (!REFLECT) { return i; }
  let j = abs(i);
  return select(j, 2 * (size - 1) - j, j >= size);
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let step = (params.quads + TILE - 1u) / TILE;
  let line = index / step;
  let phase = line % SX;
  let row = line / SX % params.rows;
  let plane = params.first + line / (SX * params.rows);
  if (plane >= params.first + params.planes) { return; }

  let width = params.width;
  let y = fold(i32(row) + params.top, params.height);
  let inside = y >= 0 && y < params.height;
  let start = (i32(plane) * params.height + clamp(y, 0, params.height - 1)) * width;
  let first = u32(start) - params.xBase;
  let target0 = ((plane * params.rows + row) * SX + phase) * params.quads - params.columnsBase;
  for (var quad = index % step; quad < params.quads; quad += step) {
    var values = vec4f();
    // @unroll
    for (var j = 0u; j < 4u; j++) {
      let at = fold(i32((quad * 4u + j) * SX + phase) + params.left, width);
      values[j] = select(0.0, x[first + u32(clamp(at, 0, width - 1))], inside && at >= 0 && at < width);
    }
    columns[target0 + quad] = values;
  }
}
