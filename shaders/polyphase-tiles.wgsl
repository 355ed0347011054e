// Convolutions of up to 4×4 taps as Winograd's F(3×3, 2×2), the part of dy in the weight gradient: every tile of 3×3 pixels
// becomes A·d·Aᵀ, the same for all phases of x:
//
//   v[n, o, r, t] = (A·d·Aᵀ)[r / 4, r % 4],  d = dy[n, o, 3·ty …, 3·tx …],  0 outside of dy
//
// dy [N, O, H, W]; v [N, O, 16, 4·quads] like polyphase-input.wgsl's. Both are ranges of planes [n, o].
// Dispatched by kernels/polyphase-weight.ts before winograd-weight-multiply.wgsl; a thread owns a tile.

const WG: u32 = 64;

struct Params {
  first: u32, planes: u32,       // of this launch
  height: u32, width: u32,       // of dy
  tilesX: u32, tiles: u32,       // of a row and of the band
  tileY: u32,                    // first row of tiles of the band
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
  let y0 = (tile / params.tilesX + params.tileY) * 3u;
  let x0 = tile % params.tilesX * 3u;
  let start = plane * params.height * params.width - params.dyBase;

  var d: array<f32, 9>; // @registers
  // @unroll
  for (var i = 0u; i < 3u; i++) {
    let line = start + min(y0 + i, params.height - 1u) * params.width;
    let inside = tile < params.tiles && y0 + i < params.height;
    // @unroll
    for (var j = 0u; j < 3u; j++) {
      d[i * 3u + j] = select(0.0, dy[line + min(x0 + j, params.width - 1u)], inside && x0 + j < params.width);
    }
  }
  var e: array<f32, 12>; // @registers
  // @unroll
  for (var j = 0u; j < 3u; j++) {
    let outer = d[j] + d[j + 6u];
    e[j] = d[j];
    e[j + 3u] = outer + d[j + 3u];
    e[j + 6u] = outer - d[j + 3u];
    e[j + 9u] = d[j + 6u];
  }
  let row = params.row;
  let at = plane * 16u * row + tile - params.vBase;
  // @unroll
  for (var i = 0u; i < 4u; i++) {
    let outer = e[i * 3u] + e[i * 3u + 2u];
    v[at + (i * 4u) * row] = e[i * 3u];
    v[at + (i * 4u + 1u) * row] = outer + e[i * 3u + 1u];
    v[at + (i * 4u + 2u) * row] = outer - e[i * 3u + 1u];
    v[at + (i * 4u + 3u) * row] = e[i * 3u + 2u];
  }
}
