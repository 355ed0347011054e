// The role of tiles.wgsl that is the weight gradient of a convolution, as conv-weight.wgsl has it.
//
//   A[m, k] = dy[n, o, y, c], C[m, n] = dw[o, i, ky, kx]: m is o, n the weight i·TAPS + ky·TW + kx, and
//   B[k, n] = x[n, i, y·strideY + ky·dilationY + top, c·strideX + kx·dilationX + left], k = (n, y, c) within a split
//
// Splits are ranges of samples or of rows, and ranges of planes go on from each other's sums, as in conv-weight.wgsl.
// Dispatched by kernels/conv-tiles.ts; a workgroup a tile, tiles of the weights of one block of outputs first.

const ROW_QUADS: u32 = 16; // @joined
const COLUMN_QUADS: u32 = 16; // @joined
const TAPS: u32 = 9;
const TW: u32 = 3;
const CONTINUES: bool = false;

struct Params {
  tiles: u32, groupBlocks: u32, blocks: u32,        // tiles of a row of weights; blocks of outputs in a group and in all
  split0: u32, splits: u32,                         // of this launch
  segments: u32, segmentRows: u32, splitImages: u32, allImages: u32,
  image0: u32, images: u32,
  inputs: u32, outputs: u32,                        // channels of one group
  xChannels: u32, dyChannels: u32,
  height: u32, width: u32, top: i32, left: i32,
  strideY: u32, strideX: u32, dilationY: u32, dilationX: u32,
  rows: u32, columns: u32,                          // of dy
  xStart: u32, xEnd: u32, xBase: u32,
  dyStart: u32, dyEnd: u32, dyBase: u32,
  outStart: u32, outEnd: u32, outBase: u32,         // elements
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

fn fetch(at: u32) -> f32 { return x[at]; }
fn gather(any: bool, plane: vec4u, row: vec4i, column: vec4i) -> vec4f { return vec4f(); } // @joined

struct Tile { k0: u32, k1: u32, n0: u32, row0: u32, rows: u32, weight0: u32, o0: u32, xChannel: u32, dyChannel: u32, out0: u32, continues: bool }
struct Step { any: bool, n: u32, row: u32, column: u32 }
struct Site { channel: vec4u, y: vec4i, x: vec4i }
struct Spot { at: vec4u, hasInput: vec4<bool> }

fn tileOf(workgroup: u32) -> Tile {
  let block = workgroup / params.tiles % params.blocks;
  let split = params.split0 + workgroup / params.tiles / params.blocks;
  let group = block / params.groupBlocks;
  let o0 = block % params.groupBlocks * 4u * ROW_QUADS;
  let splitImage = split / params.segments * params.splitImages;
  let n0 = max(splitImage, params.image0);
  let n1 = min(min(splitImage + params.splitImages, params.allImages), params.image0 + params.images);
  let row0 = split % params.segments * params.segmentRows;
  let rows = min(row0 + params.segmentRows, params.rows) - row0;
  let samples = select(0u, max(n1, n0) - n0, split < params.split0 + params.splits);
  let weight0 = workgroup % params.tiles * 4u * COLUMN_QUADS;
  let dyChannel = group * params.outputs + o0;
  let out0 = (split * params.dyChannels + dyChannel) * params.inputs * TAPS + weight0;
  let xChannel = group * params.inputs;
  return Tile(0u, samples * rows * params.columns, n0, row0, rows, weight0, o0, xChannel, dyChannel, out0, n0 > splitImage);
}

fn stepOf(tile: Tile, k: u32) -> Step {
  let any = k < tile.k1;
  let line = select(0u, k, any) / params.columns;
  return Step(any, tile.n0 + line / tile.rows, tile.row0 + line % tile.rows, k % params.columns);
}

fn siteOf(tile: Tile, quad: u32) -> Site {
  let weight = vec4u(tile.weight0 + quad * 4u) + vec4u(0u, 1u, 2u, 3u);
  let y = vec4i(weight % TAPS / TW * params.dilationY) + params.top;
  return Site(vec4u(tile.xChannel) + weight / TAPS, y, vec4i(weight % TW * params.dilationX) + params.left);
}

fn left(tile: Tile, step: Step, quad: u32) -> vec4f {
  let wanted = vec4u(step.n * params.dyChannels + tile.dyChannel + quad * 4u) + vec4u(0u, 1u, 2u, 3u);
  let plane = clamp(wanted, vec4u(params.dyStart), vec4u(params.dyEnd - 1u));
  let at = (plane * params.rows + step.row) * params.columns + step.column - params.dyBase;
  return select(vec4f(), vec4f(dy[at.x], dy[at.y], dy[at.z], dy[at.w]), vec4<bool>(step.any));
}

fn right(tile: Tile, step: Step, site: Site) -> vec4f {
  let plane = clamp(step.n * params.xChannels + site.channel, vec4u(params.xStart), vec4u(params.xEnd - 1u));
  return gather(step.any, plane, site.y + i32(step.row * params.strideY), site.x + i32(step.column * params.strideX));
}

fn spotOf(tile: Tile, quad: u32) -> Spot {
  let weight = vec4u(tile.weight0 + quad * 4u) + vec4u(0u, 1u, 2u, 3u);
  let xPlane = vec4u(tile.n0 * params.xChannels + tile.xChannel) + weight / TAPS;
  let hasInput = (weight < vec4u(params.inputs * TAPS)) & (xPlane >= vec4u(params.xStart)) & (xPlane < vec4u(params.xEnd));
  return Spot(vec4u(tile.out0 + quad * 4u) + vec4u(0u, 1u, 2u, 3u), hasInput);
}

// Of four weights, those that this launch has to do with: both of their planes and their places are bound.
fn own(tile: Tile, row: u32, at: vec4u, spot: Spot) -> vec4<bool> {
  let dyPlane = tile.n0 * params.dyChannels + tile.dyChannel + row;
  let hasOutput = tile.o0 + row < params.outputs && dyPlane >= params.dyStart && dyPlane < params.dyEnd;
  return spot.hasInput & vec4<bool>(hasOutput) & (at >= vec4u(params.outStart)) & (at < vec4u(params.outEnd));
}

fn start(tile: Tile, row: u32, spot: Spot) -> vec4f {
  var value = vec4f();
  if (CONTINUES && tile.continues) {
    let at = spot.at + row * params.inputs * TAPS;
    let any = own(tile, row, at, spot);
    let source = at - params.outBase;
    if (any.x) { value.x = out[source.x]; }
    if (any.y) { value.y = out[source.y]; }
    if (any.z) { value.z = out[source.z]; }
    if (any.w) { value.w = out[source.w]; }
  }
  return value;
}

fn store(tile: Tile, row: u32, spot: Spot, value: vec4f) {
  let at = spot.at + row * params.inputs * TAPS;
  let any = own(tile, row, at, spot);
  let to = at - params.outBase;
  if (any.x) { out[to.x] = value.x; }
  if (any.y) { out[to.y] = value.y; }
  if (any.z) { out[to.z] = value.z; }
  if (any.w) { out[to.w] = value.w; }
}
