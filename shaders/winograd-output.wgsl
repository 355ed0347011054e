// Winograd F(4×4, 3×3), the output's part: every tile's sums become 4×4 pixels Aᵀ·m·A:
//
//   out[n, o, 4·ty + i, 4·tx + j] = bias[o] + (Aᵀ·m·A)[i, j],  m[r] = sums[n, o, r, t]
//
// sums [N, O, 36, 4·quads] as winograd-multiply.wgsl leaves them; out [N, O, H, W]. Both are ranges of planes [n, o].
// Dispatched by kernels/winograd.ts; a thread owns a tile.

const WG: u32 = 64;

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

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let plane = params.first + index / params.tiles;
  let tile = index % params.tiles;
  if (plane >= params.first + params.planes) { return; }
  let row = params.row;
  let at = plane * 36u * row + tile - params.sumsBase;

  var m: array<f32, 36>; // @registers
  // @unroll
  for (var r = 0u; r < 36u; r++) {
    m[r] = sums[at + r * row];
  }
  var e: array<f32, 24>; // @registers
  // @unroll
  for (var j = 0u; j < 6u; j++) {
    let even = m[j + 6u] + m[j + 12u];
    let odd = m[j + 6u] - m[j + 12u];
    let wideEven = m[j + 18u] + m[j + 24u];
    let wideOdd = m[j + 18u] - m[j + 24u];
    e[j] = m[j] + even + wideEven;
    e[j + 6u] = odd + 2.0 * wideOdd;
    e[j + 12u] = even + 4.0 * wideEven;
    e[j + 18u] = odd + 8.0 * wideOdd + m[j + 30u];
  }
  let start = bias(plane % params.channels);
  let y0 = (tile / params.tilesX + params.tileY) * 4u;
  let x0 = tile % params.tilesX * 4u;
  let corner = (plane * params.height + y0) * params.width + x0 - params.outBase;
  // @unroll
  for (var i = 0u; i < 4u; i++) {
    let even = e[i * 6u + 1u] + e[i * 6u + 2u];
    let odd = e[i * 6u + 1u] - e[i * 6u + 2u];
    let wideEven = e[i * 6u + 3u] + e[i * 6u + 4u];
    let wideOdd = e[i * 6u + 3u] - e[i * 6u + 4u];
    let pixels = vec4f(e[i * 6u] + even + wideEven, odd + 2.0 * wideOdd, even + 4.0 * wideEven, odd + 8.0 * wideOdd + e[i * 6u + 5u]);
    // @unroll
    for (var j = 0u; j < 4u; j++) {
      if (y0 + i < params.height && x0 + j < params.width) {
        out[corner + i * params.width + j] = emit(pixels[j] + start, corner + i * params.width + j + params.outBase);
      }
    }
  }
}
