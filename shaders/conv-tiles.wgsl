// The role of tiles.wgsl that is a gather convolution, as conv.wgsl has it: conv2d, and every phase of convTranspose2d.
//
//   A[m, k] = w[o, i, tap], C[m, n] = out[n, o, y·outStepY + outY, x·outStepX + outX]: m is o, n the pixel (y, x), and
//   B[k, n] = x[n, i, y·strideY + ty·dilationY + top, x·strideX + tx·dilationX + left], k = (i·TAPS + ty·TW + tx)
//
// w is packed by conv-pack.wgsl in blocks of a tile's rows. Operands are ranges of planes, and launches go on from each other's
// sums in the order of k, as in conv.wgsl: split and unsplit tensors give the same bits.
// Dispatched by kernels/conv-tiles.ts, once per phase and combination of ranges; a workgroup a tile, tiles of a plane first.

const ROW_QUADS: u32 = 16; // @joined
const COLUMN_QUADS: u32 = 16; // @joined
const TAPS: u32 = 9;           // rows × columns of taps
const TW: u32 = 3;
const CONTINUES: bool = false; // some launch starts from stored values
const REACHED: bool = true;    // by any tap: phases of a stride beyond the kernel may have none

struct Params {
  tiles: u32, pixels: u32, columns: u32,            // tiles of a plane; pixels of the grid (a phase's own), columns of it
  block0: u32, blocks: u32, groupBlocks: u32,
  image0: u32, images: u32,
  inputs: u32, outputs: u32,                        // channels of one group
  xChannels: u32, outChannels: u32,
  height: u32, width: u32,                          // of x
  top: i32, left: i32,
  strideY: u32, strideX: u32, dilationY: u32, dilationX: u32,
  outWidth: u32, outArea: u32, outY: u32, outX: u32, outStepY: u32, outStepX: u32,
  kernelArea: u32, tap0: u32, tapY: u32, tapX: u32, // taps of a phase: first and steps (mod 2^32) in the kernel
  xStart: u32, xEnd: u32, xBase: u32,
  wStart: u32, wEnd: u32, wBase: u32,               // wBase counts vec4
  outStart: u32, outEnd: u32, outBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

fn bias(channel: u32) -> f32 { return b[channel]; }
fn emit(value: f32, i: u32) -> f32 { return value; }
fn fetch(at: u32) -> f32 { return x[at]; }
fn gather(any: bool, plane: vec4u, row: vec4i, column: vec4i) -> vec4f { return vec4f(); } // @joined

struct Tile { k0: u32, k1: u32, pixel0: u32, o0: u32, channel0: u32, xPlane: u32, wPlane: u32, outPlane: u32 }
struct Step { any: bool, plane: u32, y: i32, x: i32, weights: u32 }
struct Site { y: vec4i, x: vec4i }
struct Spot { at: vec4u, any: vec4<bool> }

fn tileOf(workgroup: u32) -> Tile {
  let block = params.block0 + workgroup / params.tiles % params.blocks;
  let n = params.image0 + workgroup / params.tiles / params.blocks;
  let group = block / params.groupBlocks;
  let inputs = params.inputs;
  let xPlane = n * params.xChannels + group * inputs;
  let wPlane = block * inputs;
  let i0 = max(max(params.xStart, xPlane) - xPlane, max(params.wStart, wPlane) - wPlane);
  let i1 = min(inputs, min(max(params.xEnd, xPlane) - xPlane, max(params.wEnd, wPlane) - wPlane));
  let o0 = block % params.groupBlocks * 4u * ROW_QUADS;
  let channel0 = group * params.outputs + o0;
  let last = select(i0, i1, n < params.image0 + params.images) * TAPS;
  let pixel0 = workgroup % params.tiles * 4u * COLUMN_QUADS;
  return Tile(i0 * TAPS, last, pixel0, o0, channel0, xPlane, wPlane, n * params.outChannels + channel0);
}

fn stepOf(tile: Tile, k: u32) -> Step {
  let any = REACHED && k < tile.k1;
  let i = select(tile.k0, k, any) / TAPS;
  let ty = k % TAPS / TW;
  let tx = k % TW;
  let tap = (tile.wPlane + i) * params.kernelArea + params.tap0 + ty * params.tapY + tx * params.tapX;
  return Step(any, tile.xPlane + i, i32(ty * params.dilationY), i32(tx * params.dilationX), tap * ROW_QUADS - params.wBase);
}

fn siteOf(tile: Tile, quad: u32) -> Site {
  let pixel = min(vec4u(tile.pixel0 + quad * 4u) + vec4u(0u, 1u, 2u, 3u), vec4u(params.pixels - 1u));
  let y = vec4i(pixel / params.columns * params.strideY) + params.top;
  return Site(y, vec4i(pixel % params.columns * params.strideX) + params.left);
}

fn left(tile: Tile, step: Step, quad: u32) -> vec4f {
  return select(vec4f(), w[step.weights + quad], vec4<bool>(step.any));
}

fn right(tile: Tile, step: Step, site: Site) -> vec4f {
  return gather(step.any, vec4u(step.plane), site.y + step.y, site.x + step.x);
}

// Places of four pixels in a plane of out.
fn spotOf(tile: Tile, quad: u32) -> Spot {
  let pixel = vec4u(tile.pixel0 + quad * 4u) + vec4u(0u, 1u, 2u, 3u);
  let y = pixel / params.columns * params.outStepY + params.outY;
  let x = pixel % params.columns * params.outStepX + params.outX;
  return Spot(y * params.outWidth + x, pixel < vec4u(params.pixels));
}

fn isOwn(tile: Tile, row: u32) -> bool {
  let plane = tile.outPlane + row;
  return tile.o0 + row < params.outputs && plane >= params.outStart && plane < params.outEnd;
}

fn start(tile: Tile, row: u32, spot: Spot) -> vec4f {
  var value = vec4f(bias(min(tile.channel0 + row, params.outChannels - 1u)));
  if (CONTINUES && tile.k0 > 0u && isOwn(tile, row)) {
    let at = (tile.outPlane + row) * params.outArea - params.outBase + spot.at;
    if (spot.any.x) { value.x = out[at.x]; }
    if (spot.any.y) { value.y = out[at.y]; }
    if (spot.any.z) { value.z = out[at.z]; }
    if (spot.any.w) { value.w = out[at.w]; }
  }
  return value;
}

// Sums that lack channels are stored as they are: another launch goes on from them.
fn ended(tile: Tile, value: f32, at: u32) -> f32 {
  return select(value, emit(value, at + params.outBase), !CONTINUES || tile.k1 == params.inputs * TAPS);
}

fn store(tile: Tile, row: u32, spot: Spot, value: vec4f) {
  if (!isOwn(tile, row)) { return; }
  let at = (tile.outPlane + row) * params.outArea - params.outBase + spot.at;
  if (spot.any.x) { out[at.x] = ended(tile, value.x, at.x); }
  if (spot.any.y) { out[at.y] = ended(tile, value.y, at.y); }
  if (spot.any.z) { out[at.z] = ended(tile, value.z, at.z); }
  if (spot.any.w) { out[at.w] = ended(tile, value.w, at.w); }
}
