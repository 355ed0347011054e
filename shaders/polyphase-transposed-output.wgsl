// Transposed convolutions of stride 2 as Winograd's F(3×3, 2×2), the output's part: a tile's sums of a phase become 3×3 pixels Aᵀ·m·A
// of every second row and column:
//
//   out[n, g·O + o, 6·ty + 2·i + y(py), 6·tx + 2·j + x(px)] = bias[o] + (Aᵀ·m·A)[i, j],  m[r] = sums[n, g, ⌊o/oc⌋, phase, o mod oc, r, t]
//
// for phases as polyphase-input.wgsl numbers them, now by the parity of the taps counted from the last. A phase that begins one pixel of
// x later has its pixels two rows or columns before the tile, so that all phases have the same tiles of x. A phase of one tap along an
// axis has nothing at a tile's last position there: the sums are not written, and not read.
//
// sums [N, G·⌈O/oc⌉·4·oc, 16, 4·quads] as winograd-multiply.wgsl leaves them; out [N, G·O, H, W]. Both are ranges of planes; a launch
// reads those planes of sums whose result lies in its range of out.
// Dispatched by kernels/polyphase-transposed.ts; a thread owns a tile of a phase.

const WG: u32 = 64;
const LACKS_Y: bool = false;     // whether phases with py, or px, have one tap
const LACKS_X: bool = false;

struct Params {
  first: u32, planes: u32,       // of sums, of this launch
  channels: u32,                 // of out
  outputs: u32,                  // channels of one group
  oc: u32, groupBlocks: u32,
  height: u32, width: u32,       // of out
  tilesX: u32, tiles: u32,       // of a row and of the band
  tileY: u32,                    // first row of tiles of the band
  row: u32,                      // 4·quads
  begins: vec4i,                 // y(0), y(1), x(0), x(1)
  sumsBase: u32,
  outStart: u32, outEnd: u32, outBase: u32,
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
  let block = plane / (4u * params.oc);
  let o = block % params.groupBlocks * params.oc + plane % params.oc;
  let to = block / params.groupBlocks * params.outputs + o;
  if (plane >= params.first + params.planes || o >= params.outputs || to < params.outStart || to >= params.outEnd) { return; }
  let phase = plane / params.oc % 4u;
  let py = phase / 2u;
  let px = 1u - ((phase ^ py) & 1u);
  let lacksY = LACKS_Y && py > 0u;
  let lacksX = LACKS_X && px > 0u;
  let row = params.row;
  let at = plane * 16u * row + tile - params.sumsBase;

  var m: array<f32, 16>; // @registers
  // @unroll
  for (var a = 0u; a < 4u; a++) {
    // @unroll
    for (var c = 0u; c < 4u; c++) {
      let nothing = (lacksY && a == 3u) || (lacksX && c == 3u);
      m[a * 4u + c] = select(sums[at + (a * 4u + c) * row], 0.0, nothing);
    }
  }
  var e: array<f32, 12>; // @registers
  // @unroll
  for (var j = 0u; j < 4u; j++) {
    e[j] = m[j] + m[j + 4u] + m[j + 8u];
    e[j + 4u] = m[j + 4u] - m[j + 8u];
    e[j + 8u] = m[j + 4u] + m[j + 8u] + m[j + 12u];
  }
  let start = bias(to % params.channels);
  let y0 = i32((tile / params.tilesX + params.tileY) * 6u) + select(params.begins.x, params.begins.y, py > 0u);
  let x0 = i32(tile % params.tilesX * 6u) + select(params.begins.z, params.begins.w, px > 0u);
  let corner = to * params.height * params.width - params.outBase;
  // @unroll
  for (var i = 0u; i < 3u; i++) {
    let even = e[i * 4u + 1u] + e[i * 4u + 2u];
    let pixels = vec3f(e[i * 4u] + even, e[i * 4u + 1u] - e[i * 4u + 2u], even + e[i * 4u + 3u]);
    let y = u32(y0) + 2u * i;      // before out: beyond its end
    // @unroll
    for (var j = 0u; j < 3u; j++) {
      let x = u32(x0) + 2u * j;
      if (y < params.height && x < params.width) {
        let place = corner + y * params.width + x;
        out[place] = emit(pixels[j] + start, place + params.outBase);
      }
    }
  }
}
