// The part of x in the weight gradient by F(4×4, 3×3): every tile of 6×6 pixels, four apart, becomes V = Bᵀ·d·B:
//
//   v[g, t, r, i] = (Bᵀ·d·B)[r / 6, r % 6],  d[a, b] = x[n, g·I + i, 4·ty + top + a, 4·tx + left + b], mirrored or 0 outside of x
//
// x [N, G·I, H, W], v [G, band, 36, channels] or [36, G, band, channels]: input channels side by side, in whole vec4 with zeros behind the last. Tiles of all images are
// counted as one, those of a band from `tile0` on; behind the last they are zero. Both are ranges of planes, of v [g, t]; a launch writes
// what its x holds.
// Dispatched by kernels/tile-sums.ts before winograd-multiply.wgsl, whose input channels are these tiles and whose tiles these channels;
// a thread owns a channel of RUN tiles one after the other, which lie in the same lines of a cache: threads side by side read planes far
// from each other, which few lines of it can hold.

const WG: u32 = 64;
const REFLECT: bool = false;
const RUN: u32 = 4;            // tiles of a thread

struct Params {
  inputs: u32,                   // channels of one group
  groups: u32,
  height: i32, width: i32,       // of x
  tilesX: u32, tiles: u32,       // of a row and of a plane
  allTiles: u32,                 // of all images
  tile0: u32, band: u32,
  channels: u32,                 // 4·quads
  row: u32, step: u32,           // elements from a position to the next, from a tile to the next
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
  let i = index % params.channels;
  let plane0 = params.vStart + index / params.channels * RUN;
  for (var k = 0u; k < RUN; k++) {
    let plane = plane0 + k;
    let tile = params.tile0 + plane % params.band;
    let n = min(tile, params.allTiles - 1u) / params.tiles;
    let t = tile % params.tiles;
    let source = (n * params.groups + plane / params.band) * params.inputs + min(i, params.inputs - 1u);
    if ((plane >= params.vEnd) | (source < params.xStart) | (source >= params.xEnd)) { continue; }
    let used = (i < params.inputs) & (tile < params.allTiles);
    let y0 = i32(t / params.tilesX * 4u) + params.top;
    let x0 = i32(t % params.tilesX * 4u) + params.left;
    let start = source * u32(params.height * params.width) - params.xBase;

    var d: array<f32, 36>; // @registers
    // @unroll
    for (var a = 0u; a < 6u; a++) {
      let yy = fold(y0 + i32(a), params.height);
      let line = start + u32(clamp(yy, 0, params.height - 1) * params.width);
      let inside = used & (yy >= 0) & (yy < params.height);
      // @unroll
      for (var b = 0u; b < 6u; b++) {
        let xx = fold(x0 + i32(b), params.width);
        d[a * 6u + b] = select(0.0, x[line + u32(clamp(xx, 0, params.width - 1))], inside & (xx >= 0) & (xx < params.width));
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
    let at = plane * params.step + i - params.vBase;
    // @unroll
    for (var a = 0u; a < 6u; a++) {
      v[at + (a * 6u) * row] = 4.0 * e[a * 6u] - 5.0 * e[a * 6u + 2u] + e[a * 6u + 4u];
      v[at + (a * 6u + 1u) * row] = e[a * 6u + 3u] + e[a * 6u + 4u] - 4.0 * (e[a * 6u + 1u] + e[a * 6u + 2u]);
      v[at + (a * 6u + 2u) * row] = 4.0 * (e[a * 6u + 1u] - e[a * 6u + 2u]) - e[a * 6u + 3u] + e[a * 6u + 4u];
      v[at + (a * 6u + 3u) * row] = 2.0 * (e[a * 6u + 3u] - e[a * 6u + 1u]) - e[a * 6u + 2u] + e[a * 6u + 4u];
      v[at + (a * 6u + 4u) * row] = 2.0 * (e[a * 6u + 1u] - e[a * 6u + 3u]) - e[a * 6u + 2u] + e[a * 6u + 4u];
      v[at + (a * 6u + 5u) * row] = 4.0 * e[a * 6u + 1u] - 5.0 * e[a * 6u + 3u] + e[a * 6u + 5u];
    }
  }
}
