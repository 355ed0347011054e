// Convolutions of stride 1 with 4×4 taps, or with up to 8×8 as four nested blocks of 4×4, as Winograd's F(4×4, 4×4) at the points 0, ±1,
// ±2, ∞ and ½; the input's part. A block sees the picture shifted by its first tap. Tiles of 7×7 pixels, which overlap by 3, become
// V = Bᵀ·d·B:
//
//   v[n, g, block, i, r, t] = (Bᵀ·d·B)[r / 7, r % 7],  d[a, b] = x[n, g·I + i, 4·ty + a + span·by + top, 4·tx + b + span·bx + left],
//   mirrored or 0 outside of x;  span 4, blocks 0 … 3: (by, bx) = (0, 1), (0, 0), (1, 0), (1, 1);  one block: span 0
//
// The point ½ apart, Bᵀ is that of F(4×4, 3×3) on u[k] = d[k + 1] − d[k] / 2. x [N, G·I, H, W]; v [N, G·blocks·I, 49, 4·quads]: a row
// for each position of a tile, tiles side by side, zero behind the last. Both are ranges of planes; a launch writes those planes of v
// whose source lies in its range of x. Dispatched by kernels/nested.ts before winograd-multiply.wgsl; a thread owns a tile of a block.

const WG: u32 = 64;
const REFLECT: bool = false;

struct Params {
  first: u32, planes: u32,       // of v, of this launch
  inputs: u32,                   // channels of one group
  blocks: u32, span: u32,
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
  let block = plane / params.inputs % params.blocks;
  let source = plane / (params.blocks * params.inputs) * params.inputs + i;
  if (plane >= params.first + params.planes || source < params.xStart || source >= params.xEnd) { return; }
  let by = block / 2u;
  let bx = 1u - ((block ^ by) & 1u);
  let y0 = i32((tile / params.tilesX + params.tileY) * 4u + by * params.span) + params.top;
  let x0 = i32(tile % params.tilesX * 4u + bx * params.span) + params.left;
  let used = tile < params.tiles;
  let start = source * u32(params.height * params.width) - params.xBase;

  var d: array<f32, 49>; // @registers
  // @unroll
  for (var a = 0u; a < 7u; a++) {
    let yy = fold(y0 + i32(a), params.height);
    let line = start + u32(clamp(yy, 0, params.height - 1) * params.width);
    let inside = used && yy >= 0 && yy < params.height;
    // @unroll
    for (var b = 0u; b < 7u; b++) {
      let xx = fold(x0 + i32(b), params.width);
      d[a * 7u + b] = select(0.0, x[line + u32(clamp(xx, 0, params.width - 1))], inside && xx >= 0 && xx < params.width);
    }
  }
  var e: array<f32, 49>; // @registers
  // @unroll
  for (var b = 0u; b < 7u; b++) {
    let u0 = d[b + 7u] - 0.5 * d[b];
    let u1 = d[b + 14u] - 0.5 * d[b + 7u];
    let u2 = d[b + 21u] - 0.5 * d[b + 14u];
    let u3 = d[b + 28u] - 0.5 * d[b + 21u];
    let u4 = d[b + 35u] - 0.5 * d[b + 28u];
    let u5 = d[b + 42u] - 0.5 * d[b + 35u];
    e[b] = 4.0 * u0 - 5.0 * u2 + u4;
    e[b + 7u] = (u4 - 4.0 * u2) + (u3 - 4.0 * u1);
    e[b + 14u] = (u4 - 4.0 * u2) - (u3 - 4.0 * u1);
    e[b + 21u] = (u4 - u2) + 2.0 * (u3 - u1);
    e[b + 28u] = (u4 - u2) - 2.0 * (u3 - u1);
    e[b + 35u] = 4.0 * u1 - 5.0 * u3 + u5;
    e[b + 42u] = 4.0 * d[b + 7u] - 5.0 * d[b + 21u] + d[b + 35u];
  }
  let row = params.row;
  let at = plane * 49u * row + tile - params.vBase;
  // @unroll
  for (var a = 0u; a < 7u; a++) {
    let u0 = e[a * 7u + 1u] - 0.5 * e[a * 7u];
    let u1 = e[a * 7u + 2u] - 0.5 * e[a * 7u + 1u];
    let u2 = e[a * 7u + 3u] - 0.5 * e[a * 7u + 2u];
    let u3 = e[a * 7u + 4u] - 0.5 * e[a * 7u + 3u];
    let u4 = e[a * 7u + 5u] - 0.5 * e[a * 7u + 4u];
    let u5 = e[a * 7u + 6u] - 0.5 * e[a * 7u + 5u];
    v[at + (a * 7u) * row] = 4.0 * u0 - 5.0 * u2 + u4;
    v[at + (a * 7u + 1u) * row] = (u4 - 4.0 * u2) + (u3 - 4.0 * u1);
    v[at + (a * 7u + 2u) * row] = (u4 - 4.0 * u2) - (u3 - 4.0 * u1);
    v[at + (a * 7u + 3u) * row] = (u4 - u2) + 2.0 * (u3 - u1);
    v[at + (a * 7u + 4u) * row] = (u4 - u2) - 2.0 * (u3 - u1);
    v[at + (a * 7u + 5u) * row] = 4.0 * u1 - 5.0 * u3 + u5;
    v[at + (a * 7u + 6u) * row] = 4.0 * e[a * 7u + 1u] - 5.0 * e[a * 7u + 3u] + e[a * 7u + 5u];
  }
}
