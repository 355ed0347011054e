// Convolutions of up to 4×4 taps as Winograd's F(3×3, 2×2), the part of dy in the weight gradient: every tile of 3×3 pixels, the same
// for all phases of x, becomes A·d·Aᵀ in the order in which winograd-multiply.wgsl reads weights:
//
//   packed[block, t·step + r·row + lane] = (A·d·Aᵀ)[r / 4, r % 4],  d = dy[n, g·O + o, 3·ty …, 3·tx …],  0 outside of dy,
//   block = g·⌈O/oc⌉ + ⌊o/oc⌋, lane = o mod oc
//
// dy [N, G·O, H, W]; lanes, tiles, bands and ranges as in winograd2-tiles.wgsl.
// Dispatched by kernels/tile-sums.ts; a thread owns a channel of a tile.

const WG: u32 = 64;

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
  let plane = params.packedStart + index / params.oc;
  let slot = index % params.oc;
  let block = plane / params.band;
  let local = plane % params.band;
  let tile = params.tile0 + local;
  let n = min(tile, params.allTiles - 1u) / params.tiles;
  let t = tile % params.tiles;
  let o = block % params.groupBlocks * params.oc + slot;
  let source = (n * params.groups + block / params.groupBlocks) * params.outputs + min(o, params.outputs - 1u);
  if (plane >= params.packedEnd || source < params.dyStart || source >= params.dyEnd) { return; }
  let used = o < params.outputs && tile < params.allTiles;
  let y0 = t / params.tilesX * 3u;
  let x0 = t % params.tilesX * 3u;
  let start = source * params.height * params.width - params.dyBase;

  var d: array<f32, 9>; // @registers
  // @unroll
  for (var i = 0u; i < 3u; i++) {
    let line = start + min(y0 + i, params.height - 1u) * params.width;
    let inside = used && y0 + i < params.height;
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
  let to = block * params.band * 16u * params.oc + local * params.step + slot - params.packedBase;
  let row = params.row;
  // @unroll
  for (var i = 0u; i < 4u; i++) {
    let outer = e[i * 3u] + e[i * 3u + 2u];
    packed[to + (i * 4u) * row] = e[i * 3u];
    packed[to + (i * 4u + 1u) * row] = outer + e[i * 3u + 1u];
    packed[to + (i * 4u + 2u) * row] = outer - e[i * 3u + 1u];
    packed[to + (i * 4u + 3u) * row] = e[i * 3u + 2u];
  }
}
