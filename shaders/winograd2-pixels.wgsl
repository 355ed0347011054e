// Winograd F(2×2, 3×3), the part of x in the weight gradient: every tile of 4×4 pixels, which overlap by 2, becomes V = Bᵀ·d·B:
//
//   v[g, n·tiles + t, r, i] = (Bᵀ·d·B)[r / 4, r % 4],  d = x[n, g·I + i, 2·ty + top …, 2·tx + left …],  mirrored or 0 outside of x
//
// x [N, G·I, H, W], v [G, N·tiles, 16, row]: input channels side by side, zero behind the last. Both are ranges of planes; a launch writes
// what its x holds. Dispatched by kernels/winograd2-weight.ts before winograd-multiply.wgsl, whose input channels are these tiles and whose
// tiles these channels; a thread owns a channel of a tile.

const WG: u32 = 64;
const REFLECT: bool = false;

struct Params {
  inputs: u32,                   // channels of one group
  groups: u32,
  height: i32, width: i32,       // of x
  tilesX: u32, tiles: u32,       // of a row and of a plane
  allTiles: u32,                 // of all images
  row: u32,
  top: i32, left: i32,
  xStart: u32, xEnd: u32, xBase: u32,
  vStart: u32, vEnd: u32, vBase: u32,
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
  let row = params.row;
  let plane = params.vStart + index / row;
  let i = index % row;
  let tile = plane % params.allTiles;
  let n = tile / params.tiles;
  let t = tile % params.tiles;
  let source = (n * params.groups + plane / params.allTiles) * params.inputs + min(i, params.inputs - 1u);
  if (plane >= params.vEnd || source < params.xStart || source >= params.xEnd) { return; }
  let y0 = i32(t / params.tilesX * 2u) + params.top;
  let x0 = i32(t % params.tilesX * 2u) + params.left;
  let start = source * u32(params.height * params.width) - params.xBase;

  var d: array<f32, 16>; // @registers
  // @unroll
  for (var a = 0u; a < 4u; a++) {
    let yy = fold(y0 + i32(a), params.height);
    let line = start + u32(clamp(yy, 0, params.height - 1) * params.width);
    let inside = i < params.inputs && yy >= 0 && yy < params.height;
    // @unroll
    for (var b = 0u; b < 4u; b++) {
      let xx = fold(x0 + i32(b), params.width);
      d[a * 4u + b] = select(0.0, x[line + u32(clamp(xx, 0, params.width - 1))], inside && xx >= 0 && xx < params.width);
    }
  }
  var e: array<f32, 16>; // @registers
  // @unroll
  for (var b = 0u; b < 4u; b++) {
    e[b] = d[b] - d[b + 8u];
    e[b + 4u] = d[b + 4u] + d[b + 8u];
    e[b + 8u] = d[b + 8u] - d[b + 4u];
    e[b + 12u] = d[b + 12u] - d[b + 4u];
  }
  let at = plane * 16u * row + i - params.vBase;
  // @unroll
  for (var a = 0u; a < 4u; a++) {
    v[at + (a * 4u) * row] = e[a * 4u] - e[a * 4u + 2u];
    v[at + (a * 4u + 1u) * row] = e[a * 4u + 1u] + e[a * 4u + 2u];
    v[at + (a * 4u + 2u) * row] = e[a * 4u + 2u] - e[a * 4u + 1u];
    v[at + (a * 4u + 3u) * row] = e[a * 4u + 3u] - e[a * 4u + 1u];
  }
}
