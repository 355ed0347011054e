// Winograd F(4×4, 3×3), the part of dy in the weight gradient: every tile of 4×4 pixels becomes A·d·Aᵀ, in the order in which
// winograd-multiply.wgsl reads weights:
//
//   packed[block, t·step + r·row + lane] = (A·d·Aᵀ)[r / 6, r % 6],  d = dy[n, g·O + o, 4·ty …, 4·tx …],  0 outside of dy,
//   block = g·⌈O/oc⌉ + ⌊o/oc⌋, lane = o mod oc
//
// dy [N, G·O, H, W]. Lanes without a channel are zero, and so are tiles behind the last, of which a band has those from `tile0` on as in
// winograd-pixels.wgsl. Source and result are ranges of planes, of the result [block, t] or whole blocks (kernels/winograd.ts, orderOf).
// Dispatched by kernels/tile-sums.ts; a thread owns a channel of RUN tiles one after the other (winograd-pixels.wgsl).

const WG: u32 = 64;
const RUN: u32 = 4;            // tiles of a thread

struct Params {
  outputs: u32,                  // channels of one group
  groups: u32,
  oc: u32, groupBlocks: u32,
  height: u32, width: u32,       // of dy
  tilesX: u32, tiles: u32,       // of a row and of a plane
  allTiles: u32,                 // of all images
  tile0: u32, band: u32,
  row: u32, step: u32,           // elements from a position to the next, from a tile to the next
  dyStart: u32, dyEnd: u32, dyBase: u32,
  packedStart: u32, packedEnd: u32, packedBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> packed: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let slot = index % params.oc;
  let plane0 = params.packedStart + index / params.oc * RUN;
  for (var k = 0u; k < RUN; k++) {
    let plane = plane0 + k;
    let block = plane / params.band;
    let local = plane % params.band;
    let tile = params.tile0 + local;
    let n = min(tile, params.allTiles - 1u) / params.tiles;
    let t = tile % params.tiles;
    let o = block % params.groupBlocks * params.oc + slot;
    let source = (n * params.groups + block / params.groupBlocks) * params.outputs + min(o, params.outputs - 1u);
    if ((plane >= params.packedEnd) | (source < params.dyStart) | (source >= params.dyEnd)) { continue; }
    let used = (o < params.outputs) & (tile < params.allTiles);
    let y0 = t / params.tilesX * 4u;
    let x0 = t % params.tilesX * 4u;
    let start = source * params.height * params.width - params.dyBase;

    var d: array<f32, 16>; // @registers
    // @unroll
    for (var i = 0u; i < 4u; i++) {
      let line = start + min(y0 + i, params.height - 1u) * params.width;
      let inside = used & (y0 + i < params.height);
      // @unroll
      for (var j = 0u; j < 4u; j++) {
        d[i * 4u + j] = select(0.0, dy[line + min(x0 + j, params.width - 1u)], inside & (x0 + j < params.width));
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
    let to = block * params.band * 36u * params.oc + local * params.step + slot - params.packedBase;
    let row = params.row;
    // @unroll
    for (var i = 0u; i < 6u; i++) {
      let even = e[i * 4u] + e[i * 4u + 2u];
      let odd = e[i * 4u + 1u] + e[i * 4u + 3u];
      let wideEven = e[i * 4u] + 4.0 * e[i * 4u + 2u];
      let wideOdd = 2.0 * e[i * 4u + 1u] + 8.0 * e[i * 4u + 3u];
      packed[to + (i * 6u) * row] = e[i * 4u];
      packed[to + (i * 6u + 1u) * row] = even + odd;
      packed[to + (i * 6u + 2u) * row] = even - odd;
      packed[to + (i * 6u + 3u) * row] = wideEven + wideOdd;
      packed[to + (i * 6u + 4u) * row] = wideEven - wideOdd;
      packed[to + (i * 6u + 5u) * row] = e[i * 4u + 3u];
    }
  }
}
