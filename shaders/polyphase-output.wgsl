// Convolutions of up to 4×4 taps as Winograd's F(3×3, 2×2), and 3×3 as F(2×2, 3×3), the output's part: every tile's sums become SIDE×SIDE
// pixels Aᵀ·m·A:
//
//   out[n, o, SIDE·ty + i, SIDE·tx + j] = bias[o] + (Aᵀ·m·A)[i, j],  m[r] = sums[n, o, r, t]
//
// At the points 0, 1, −1 and ∞ row k of Aᵀ is 0ᵏ, 1, (−1)ᵏ, and 1 for the last row alone.
// sums [N, O, 16, 4·quads] as winograd-multiply.wgsl leaves them; out [N, O, H, W]. Both are ranges of planes [n, o].
// Dispatched by kernels/polyphase.ts and winograd2.ts; a thread owns a tile.

const WG: u32 = 64;
const SIDE: u32 = 3;
const LINES: u32 = 12;         // 4·SIDE

struct Params {
  first: u32, planes: u32,       // of this launch
  channels: u32,
  height: u32, width: u32,       // of out
  tilesX: u32, tiles: u32,       // of a row and of the band
  tileY: u32,                    // first row of tiles of the band
  row: u32,                      // 4·quads
  sumsBase: u32, outBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

fn bias(channel: u32) -> f32 { return b[channel]; }

fn emit(value: f32, i: u32) -> f32 { return value; }

// Pixel k of a line, from its numbers at 0, 1, −1 and ∞.
fn pixel(k: u32, zero: f32, one: f32, minus: f32, infinity: f32) -> f32 {
  return select(0.0, zero, k == 0u) + one + select(-minus, minus, k % 2u == 0u) + select(0.0, infinity, k + 1u == SIDE);
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let plane = params.first + index / params.tiles;
  let tile = index % params.tiles;
  if (plane >= params.first + params.planes) { return; }
  let row = params.row;
  let at = plane * 16u * row + tile - params.sumsBase;

  var m: array<f32, 16>; // @registers
  // @unroll
  for (var r = 0u; r < 16u; r++) {
    m[r] = sums[at + r * row];
  }
  var e: array<f32, LINES>; // @registers
  // @unroll
  for (var j = 0u; j < 4u; j++) {
    // @unroll
    for (var i = 0u; i < SIDE; i++) {
      e[i * 4u + j] = pixel(i, m[j], m[j + 4u], m[j + 8u], m[j + 12u]);
    }
  }
  let start = bias(plane % params.channels);
  let y0 = (tile / params.tilesX + params.tileY) * SIDE;
  let x0 = tile % params.tilesX * SIDE;
  let corner = (plane * params.height + y0) * params.width + x0 - params.outBase;
  // @unroll
  for (var i = 0u; i < SIDE; i++) {
    // @unroll
    for (var j = 0u; j < SIDE; j++) {
      if (y0 + i < params.height && x0 + j < params.width) {
        let value = pixel(j, e[i * 4u], e[i * 4u + 1u], e[i * 4u + 2u], e[i * 4u + 3u]) + start;
        out[corner + i * params.width + j] = emit(value, corner + i * params.width + j + params.outBase);
      }
    }
  }
}
