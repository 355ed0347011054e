// Winograd F(4×4, 3×3) backwards, the part of dy: every tile of 4×4 pixels becomes A·d·Aᵀ:
//
//   v[n, o, r, t] = (A·d·Aᵀ)[r / 6, r % 6],  d = dy[n, o, 4·ty …, 4·tx …],  0 outside of dy
//
// dy [N, O, H, W]; v [N, O, 36, 4·quads] like winograd-input.wgsl's. Both are ranges of planes [n, o].
// Dispatched by kernels/winograd-adjoint.ts before winograd-multiply-adjoint.wgsl; a thread owns a tile.

const WG: u32 = 64;

struct Params {
  first: u32, planes: u32,       // of this launch
  height: u32, width: u32,       // of dy
  tilesX: u32, tiles: u32,       // of a row and of a plane
  row: u32,                      // 4·quads
  dyBase: u32, vBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> v: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let plane = params.first + index / params.row;
  let tile = index % params.row;
  if (plane >= params.first + params.planes) { return; }
  let y0 = tile / params.tilesX * 4u;
  let x0 = tile % params.tilesX * 4u;
  let start = plane * params.height * params.width - params.dyBase;

  var d: array<f32, 16>; // @registers
  // @unroll
  for (var i = 0u; i < 4u; i++) {
    let line = start + min(y0 + i, params.height - 1u) * params.width;
    let inside = tile < params.tiles && y0 + i < params.height;
    // @unroll
    for (var j = 0u; j < 4u; j++) {
      d[i * 4u + j] = select(0.0, dy[line + min(x0 + j, params.width - 1u)], inside && x0 + j < params.width);
    }
  }
  var e: array<f32, 24>; // @registers
  // @unroll
  for (var j = 0u; j < 4u; j++) {
    let even = d[j] + d[j + 8u];
    let odd = d[j + 4u] + d[j + 12u];
    let wideEven = d[j] + 4.0 * d[j + 8u];
    let wideOdd = 2.0 * d[j + 4u] + 8.0 * d[j + 12u];
    e[j] = d[j];
    e[j + 4u] = even + odd;
    e[j + 8u] = even - odd;
    e[j + 12u] = wideEven + wideOdd;
    e[j + 16u] = wideEven - wideOdd;
    e[j + 20u] = d[j + 12u];
  }
  let row = params.row;
  let at = plane * 36u * row + tile - params.vBase;
  // @unroll
  for (var i = 0u; i < 6u; i++) {
    let even = e[i * 4u] + e[i * 4u + 2u];
    let odd = e[i * 4u + 1u] + e[i * 4u + 3u];
    let wideEven = e[i * 4u] + 4.0 * e[i * 4u + 2u];
    let wideOdd = 2.0 * e[i * 4u + 1u] + 8.0 * e[i * 4u + 3u];
    v[at + (i * 6u) * row] = e[i * 4u];
    v[at + (i * 6u + 1u) * row] = even + odd;
    v[at + (i * 6u + 2u) * row] = even - odd;
    v[at + (i * 6u + 3u) * row] = wideEven + wideOdd;
    v[at + (i * 6u + 4u) * row] = wideEven - wideOdd;
    v[at + (i * 6u + 5u) * row] = e[i * 4u + 3u];
  }
}
