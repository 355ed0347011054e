// The part of x in the weight gradients that sum over tiles: every tile of 4×4 pixels, SIDE apart, becomes V = Bᵀ·d·B:
//
//   v[g, t, r, phase·quads·4 + i] = (Bᵀ·d·B)[r / 4, r % 4],
//   d[a, b] = x[n, g·I + i, S·(SIDE·ty + a) + D·py + top, the same of tx, b, px], mirrored or 0 outside of x
//
// for S, D and phases as in polyphase-input.wgsl: F(2×2, 3×3) has one phase and SIDE = 2. x [N, G·I, H, W], v [G, band, 16, row]: input channels
// side by side, each phase's in whole vec4 with zeros behind the last. Tiles of all images are counted as one, those of a band from `tile0`
// on; behind the last they are zero. Both are ranges of planes, of v [g, t]; a launch writes what its x holds.
// Dispatched by kernels/tile-sums.ts before winograd-multiply.wgsl, whose input channels are these tiles and whose tiles these channels;
// a thread owns a channel of a tile.

const WG: u32 = 64;
const REFLECT: bool = false;
const SIDE: u32 = 3;           // pixels along a side of dy's tiles

struct Params {
  inputs: u32,                   // channels of one group
  groups: u32,
  phaseRow: u32,                 // 4·quads: channels of a phase
  stride: u32, apart: u32,       // S and D
  height: i32, width: i32,       // of x
  tilesX: u32, tiles: u32,       // of a row and of a plane
  allTiles: u32,                 // of all images
  tile0: u32, band: u32,
  channels: u32,                 // those of all phases
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
  let plane = params.vStart + index / params.channels;
  let channel = index % params.channels;
  let phase = channel / params.phaseRow;
  let i = channel % params.phaseRow;
  let tile = params.tile0 + plane % params.band;
  let n = min(tile, params.allTiles - 1u) / params.tiles;
  let t = tile % params.tiles;
  let source = (n * params.groups + plane / params.band) * params.inputs + min(i, params.inputs - 1u);
  if (plane >= params.vEnd || source < params.xStart || source >= params.xEnd) { return; }
  let used = i < params.inputs && tile < params.allTiles;
  let py = phase / 2u;
  let px = 1u - ((phase ^ py) & 1u);
  let step = params.stride;
  let y0 = i32(t / params.tilesX * SIDE * step + py * params.apart) + params.top;
  let x0 = i32(t % params.tilesX * SIDE * step + px * params.apart) + params.left;
  let start = source * u32(params.height * params.width) - params.xBase;

  var d: array<f32, 16>; // @registers
  // @unroll
  for (var a = 0u; a < 4u; a++) {
    let yy = fold(y0 + i32(step * a), params.height);
    let line = start + u32(clamp(yy, 0, params.height - 1) * params.width);
    let inside = used && yy >= 0 && yy < params.height;
    // @unroll
    for (var b = 0u; b < 4u; b++) {
      let xx = fold(x0 + i32(step * b), params.width);
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
  let at = plane * params.step + channel - params.vBase;
  let row = params.row;
  // @unroll
  for (var a = 0u; a < 4u; a++) {
    v[at + (a * 4u) * row] = e[a * 4u] - e[a * 4u + 2u];
    v[at + (a * 4u + 1u) * row] = e[a * 4u + 1u] + e[a * 4u + 2u];
    v[at + (a * 4u + 2u) * row] = e[a * 4u + 2u] - e[a * 4u + 1u];
    v[at + (a * 4u + 3u) * row] = e[a * 4u + 3u] - e[a * 4u + 1u];
  }
}
