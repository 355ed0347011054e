// Convolutions of stride 1 with blocks of 4×4 taps as Winograd's F(4×4, 4×4), the output's part: every tile's sums become 4×4 pixels
// Aᵀ·m·A:
//
//   out[n, o, 4·ty + i, 4·tx + j] = bias[o] + (Aᵀ·m·A)[i, j],  m[r] = sums[n, o, r, t]
//
// sums [N, O, 49, 4·quads] as winograd-multiply.wgsl leaves them; out [N, O, H, W]. Both are ranges of planes [n, o].
// Dispatched by kernels/nested.ts; a thread owns a tile.

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
  let at = plane * 49u * row + tile - params.sumsBase;

  var m: array<f32, 49>; // @registers
  // @unroll
  for (var r = 0u; r < 49u; r++) {
    m[r] = sums[at + r * row];
  }
  var e: array<f32, 28>; // @registers
  // @unroll
  for (var j = 0u; j < 7u; j++) {
    let even = m[j + 7u] + m[j + 14u];
    let odd = m[j + 7u] - m[j + 14u];
    let even2 = m[j + 21u] + m[j + 28u];
    let odd2 = m[j + 21u] - m[j + 28u];
    let half = m[j + 42u];
    e[j] = m[j] + even + even2 + half;
    e[j + 7u] = odd + 2.0 * odd2 + 0.5 * half;
    e[j + 14u] = even + 4.0 * even2 + 0.25 * half;
    e[j + 21u] = odd + 8.0 * odd2 + 0.125 * half + m[j + 35u];
  }
  let start = bias(plane % params.channels);
  let y0 = (tile / params.tilesX + params.tileY) * 4u;
  let x0 = tile % params.tilesX * 4u;
  let corner = (plane * params.height + y0) * params.width + x0 - params.outBase;
  // @unroll
  for (var i = 0u; i < 4u; i++) {
    let even = e[i * 7u + 1u] + e[i * 7u + 2u];
    let odd = e[i * 7u + 1u] - e[i * 7u + 2u];
    let even2 = e[i * 7u + 3u] + e[i * 7u + 4u];
    let odd2 = e[i * 7u + 3u] - e[i * 7u + 4u];
    let half = e[i * 7u + 6u];
    let pixels = vec4f(
      e[i * 7u] + even + even2 + half,
      odd + 2.0 * odd2 + 0.5 * half,
      even + 4.0 * even2 + 0.25 * half,
      odd + 8.0 * odd2 + 0.125 * half + e[i * 7u + 5u],
    );
    // @unroll
    for (var j = 0u; j < 4u; j++) {
      if (y0 + i < params.height && x0 + j < params.width) {
        out[corner + i * params.width + j] = emit(pixels[j] + start, corner + i * params.width + j + params.outBase);
      }
    }
  }
}
