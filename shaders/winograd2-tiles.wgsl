// Winograd F(2×2, 3×3), the part of dy in the weight gradient: every tile of 2×2 pixels becomes U = G·d·Gᵀ, in the order in which
// winograd-multiply.wgsl reads weights:
//
//   packed[block, t·step + r·row + lane] = (G·d·Gᵀ)[r / 4, r % 4],  d = dy[n, g·O + o, 2·ty …, 2·tx …],  0 outside of dy,
//   block = g·⌈O/oc⌉ + ⌊o/oc⌋, lane = o mod oc
//
// dy [N, G·O, H, W]. Lanes without a channel are zero, and so are tiles behind the last, of which a band has those from `tile0` on as in
// polyphase-pixels.wgsl. Source and result are ranges of planes, of the result [block, t] or whole blocks (kernels/winograd.ts, orderOf).
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
  let y0 = t / params.tilesX * 2u;
  let x0 = t % params.tilesX * 2u;
  let start = source * params.height * params.width - params.dyBase;

  var d: array<f32, 4>; // @registers
  // @unroll
  for (var a = 0u; a < 2u; a++) {
    let inside = used && y0 + a < params.height;
    let line = start + min(y0 + a, params.height - 1u) * params.width;
    // @unroll
    for (var b = 0u; b < 2u; b++) {
      d[a * 2u + b] = select(0.0, dy[line + min(x0 + b, params.width - 1u)], inside && x0 + b < params.width);
    }
  }
  var e: array<f32, 8>; // @registers
  // @unroll
  for (var b = 0u; b < 2u; b++) {
    e[b] = d[b];
    e[b + 2u] = 0.5 * (d[b] + d[b + 2u]);
    e[b + 4u] = 0.5 * (d[b] - d[b + 2u]);
    e[b + 6u] = d[b + 2u];
  }
  let to = block * params.band * 16u * params.oc + local * params.step + slot - params.packedBase;
  let row = params.row;
  // @unroll
  for (var a = 0u; a < 4u; a++) {
    packed[to + (a * 4u) * row] = e[a * 2u];
    packed[to + (a * 4u + 1u) * row] = 0.5 * (e[a * 2u] + e[a * 2u + 1u]);
    packed[to + (a * 4u + 2u) * row] = 0.5 * (e[a * 2u] - e[a * 2u + 1u]);
    packed[to + (a * 4u + 3u) * row] = e[a * 2u + 1u];
  }
}
