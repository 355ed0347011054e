// Convolutions of 4×4 taps, and 3×3 of stride 2, as Winograd's F(3×3, 2×2), the input's part. They are four convolutions of 2×2
// taps whose sums add up. With stride 2 each has the taps, and the pixels, of one parity of row and column; with stride 1 each has a
// quarter of the taps. Tiles of 4×4 pixels of each phase, SIDE = 3 apart, become V = Bᵀ·d·B:
//
//   v[n, g, phase, i, r, t] = (Bᵀ·d·B)[r / 4, r % 4],  d[a, b] = x[n, g·I + i, S·(SIDE·ty + a) + D·py + top, the same of tx, b, px],
//   mirrored or 0 outside of x;  S the stride, D = 3 − S;  phase 0 … 3: (py, px) = (0, 1), (0, 0), (1, 0), (1, 1)
//
// Transposed ones of stride 2 have their phases in the output, and one of x: S = 1, D = 0. So has 3×3 of stride 1 as F(2×2, 3×3), which
// has the same points, hence the same Bᵀ, and SIDE = 2.
// x [N, G·I, H, W]; v [N, G·phases·I, 16, 4·quads]: a row for each position of a tile, tiles side by side, zero behind the last. Both
// are ranges of planes; a launch writes those planes of v whose source lies in its range of x.
// Dispatched by kernels/polyphase.ts, polyphase-transposed.ts and winograd2.ts before winograd-multiply.wgsl; a thread owns a tile of a phase.

const WG: u32 = 64;
const REFLECT: bool = false;
const SIDE: u32 = 3;           // pixels along a side of a tile's result

struct Params {
  first: u32, planes: u32,       // of v, of this launch
  inputs: u32,                   // channels of one group
  phases: u32,
  stride: u32, apart: u32,       // S and D
  height: i32, width: i32,       // of x
  tilesX: u32, tiles: u32,       // of a row and of the band
  tileY: u32,                    // first row of tiles of the band
  row: u32,                      // 4·quads
  top: i32, left: i32,
  xStart: u32, xEnd: u32, xBase: u32,
  vBase: u32,
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
  let plane = params.first + index / params.row;
  let tile = index % params.row;
  let i = plane % params.inputs;
  let phase = plane / params.inputs % params.phases;
  let source = plane / (params.phases * params.inputs) * params.inputs + i;
  if (plane >= params.first + params.planes || source < params.xStart || source >= params.xEnd) { return; }
  let py = phase / 2u;
  let px = 1u - ((phase ^ py) & 1u);
  let step = params.stride;
  let y0 = i32((tile / params.tilesX + params.tileY) * SIDE * step + py * params.apart) + params.top;
  let x0 = i32(tile % params.tilesX * SIDE * step + px * params.apart) + params.left;
  let used = tile < params.tiles;
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
  let row = params.row;
  let at = plane * 16u * row + tile - params.vBase;
  // @unroll
  for (var a = 0u; a < 4u; a++) {
    v[at + (a * 4u) * row] = e[a * 4u] - e[a * 4u + 2u];
    v[at + (a * 4u + 1u) * row] = e[a * 4u + 1u] + e[a * 4u + 2u];
    v[at + (a * 4u + 2u) * row] = e[a * 4u + 2u] - e[a * 4u + 1u];
    v[at + (a * 4u + 3u) * row] = e[a * 4u + 3u] - e[a * 4u + 1u];
  }
}
