// Winograd F(4×4, 3×3), the input's part: every tile of 6×6 pixels, which overlap by 2, becomes V = Bᵀ·d·B:
//
//   v[n, c, r, t] = (Bᵀ·d·B)[r / 6, r % 6],  d = x[n, c, 4·ty + top …, 4·tx + left …],  mirrored or 0 outside of x
//
// x [N, C, H, W]; v [N, C, 36, 4·quads]: a row for each position of a tile, tiles side by side, zero behind the last. Both are
// ranges of planes [n, c]. Dispatched by kernels/winograd.ts before winograd-multiply.wgsl; a thread owns a tile.

const WG: u32 = 64;
const REFLECT: bool = false;

struct Params {
  first: u32, planes: u32,       // of this launch
  height: i32, width: i32,       // of x
  tilesX: u32, tiles: u32,       // of a row and of the band
  tileY: u32,                    // first row of tiles of the band
  row: u32,                      // 4·quads
  top: i32, left: i32,
  xBase: u32, vBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> v: array<f32>;

fn fold(i: i32, size: i32) -> i32 {
  if (!REFLECT) { return i; }
  let j = abs(i);
  return select(j, 2 * (size - 1) - j, j >= size);
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let plane = params.first + index / params.row;
  let tile = index % params.row;
  if (plane >= params.first + params.planes) { return; }
  let y0 = i32((tile / params.tilesX + params.tileY) * 4u) + params.top;
  let x0 = i32(tile % params.tilesX * 4u) + params.left;
  let used = tile < params.tiles;
  let start = plane * u32(params.height * params.width) - params.xBase;

  var d: array<f32, 36>; // @registers
  // @unroll
  for (var i = 0u; i < 6u; i++) {
    let yy = fold(y0 + i32(i), params.height);
    let line = start + u32(clamp(yy, 0, params.height - 1) * params.width);
    let inside = used && yy >= 0 && yy < params.height;
    // @unroll
    for (var j = 0u; j < 6u; j++) {
      let xx = fold(x0 + i32(j), params.width);
      d[i * 6u + j] = select(0.0, x[line + u32(clamp(xx, 0, params.width - 1))], inside && xx >= 0 && xx < params.width);
    }
  }
  var e: array<f32, 36>; // @registers
  // @unroll
  for (var j = 0u; j < 6u; j++) {
    e[j] = 4.0 * d[j] - 5.0 * d[j + 12u] + d[j + 24u];
    e[j + 6u] = d[j + 18u] + d[j + 24u] - 4.0 * (d[j + 6u] + d[j + 12u]);
    e[j + 12u] = 4.0 * (d[j + 6u] - d[j + 12u]) - d[j + 18u] + d[j + 24u];
    e[j + 18u] = 2.0 * (d[j + 18u] - d[j + 6u]) - d[j + 12u] + d[j + 24u];
    e[j + 24u] = 2.0 * (d[j + 6u] - d[j + 18u]) - d[j + 12u] + d[j + 24u];
    e[j + 30u] = 4.0 * d[j + 6u] - 5.0 * d[j + 18u] + d[j + 30u];
  }
  let row = params.row;
  let at = plane * 36u * row + tile - params.vBase;
  // @unroll
  for (var i = 0u; i < 6u; i++) {
    v[at + (i * 6u) * row] = 4.0 * e[i * 6u] - 5.0 * e[i * 6u + 2u] + e[i * 6u + 4u];
    v[at + (i * 6u + 1u) * row] = e[i * 6u + 3u] + e[i * 6u + 4u] - 4.0 * (e[i * 6u + 1u] + e[i * 6u + 2u]);
    v[at + (i * 6u + 2u) * row] = 4.0 * (e[i * 6u + 1u] - e[i * 6u + 2u]) - e[i * 6u + 3u] + e[i * 6u + 4u];
    v[at + (i * 6u + 3u) * row] = 2.0 * (e[i * 6u + 3u] - e[i * 6u + 1u]) - e[i * 6u + 2u] + e[i * 6u + 4u];
    v[at + (i * 6u + 4u) * row] = 2.0 * (e[i * 6u + 1u] - e[i * 6u + 3u]) - e[i * 6u + 2u] + e[i * 6u + 4u];
    v[at + (i * 6u + 5u) * row] = 4.0 * e[i * 6u + 1u] - 5.0 * e[i * 6u + 3u] + e[i * 6u + 5u];
  }
}
