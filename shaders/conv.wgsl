// Gather convolution: conv2d and every sub-pixel phase of convTranspose2d (each the other's data gradient).
//
//   out[n, o, y·outStepY + outY, x·outStepX + outX] =
//     bias[o] + Σ_i Σ_ty Σ_tx  x[n, i, y·strideY + ty·dilationY + top, x·SX + tx·DX + left] · w[o, i, tap(ty, tx)]
//
// x [N, G·I, H, W] and out [N, G·O, OH, OW] are planar; w is packed by conv-pack.wgsl as [block, i, ky, kx, 4·QUADS], a
// block being OC output channels of one group, so that a tap's OC weights are QUADS loads. Sizes are data; baked is what
// sizes registers: TW, SX, DX and the tile of PX pixels × OC channels that a thread owns. Per (i, ty) it loads SPAN pixels
// and TW·QUADS vec4 of weights for PX·TW·OC multiply-adds (a load costs 20–40 of them on a CPU adapter).
//
// Each operand is a range of planes of its tensor ([n, channel], for w [block, i]). A launch sums the input channels that
// both ranges hold, in order; the one that holds channel 0 starts from the bias, the others go on from what is stored:
// split and unsplit tensors give the same bits.
// Dispatched by kernels/conv.ts, once per phase and combination of ranges; one thread a tile, tiles of a row first.

const WG: u32 = 64;
const TW: u32 = 3;
const SX: u32 = 1;
const DX: u32 = 1;
const PX: u32 = 8;
const OC: u32 = 8;
const QUADS: u32 = 2;        // ⌈OC/4⌉
const SPAN: u32 = 10;        // (PX-1)·SX + (TW-1)·DX + 1
const TILE: u32 = 64;        // PX·OC
const LANES: u32 = 8;        // 4·QUADS
const WEIGHTS: u32 = 24;     // TW·LANES
const REFLECT: bool = false;
const CONTINUES: bool = false; // some launch starts from stored values
const BY_CHANNEL: bool = false; // a channel's products are added by themselves, then to the sum: less rounding

struct Params {
  tiles: u32, rows: u32, columns: u32,              // of the grid y, x (a phase's own); tiles of PX columns
  block0: u32, blocks: u32, groupBlocks: u32,       // first of this launch, their number, those of one group
  image0: u32, images: u32,
  inputs: u32, outputs: u32,                        // channels of one group
  xChannels: u32, outChannels: u32,
  height: u32, width: u32,                          // of x
  top: i32, left: i32,
  strideY: u32, dilationY: u32, taps: u32,          // tap rows
  outWidth: u32, outArea: u32, outY: u32, outX: u32, outStepY: u32, outStepX: u32,
  kernelArea: u32, tap0: u32, tapY: u32, tapX: u32, // taps of a phase: first and steps (mod 2^32) in the kernel
  xStart: u32, xEnd: u32, xBase: u32,               // planes; first bound element
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

fn fold(i: i32, size: i32) -> i32 {
  if (!REFLECT) { return i; }
  let j = abs(i);
  return select(j, 2 * (size - 1) - j, j >= size);
}

fn fetch(row: u32, column: i32, width: i32, limit: u32) -> f32 {
  let at = u32(fold(column, width));
  return select(0.0, x[row + min(at, u32(width - 1))], at < limit);
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  var index = (group.y * groups.x + group.x) * WG + lane;
  let x0 = (index % params.tiles) * PX;
  index /= params.tiles;
  let y0 = index % params.rows;
  index /= params.rows;
  let block = params.block0 + index % params.blocks;
  let n = params.image0 + index / params.blocks;
  if (n >= params.image0 + params.images) { return; }
  let o0 = (block % params.groupBlocks) * OC;
  let channel0 = (block / params.groupBlocks) * params.outputs + o0;

  let inputs = params.inputs;
  let xPlane = n * params.xChannels + (block / params.groupBlocks) * inputs;
  let wPlane = block * inputs;
  let i0 = max(max(params.xStart, xPlane) - xPlane, max(params.wStart, wPlane) - wPlane);
  let i1 = min(inputs, min(max(params.xEnd, xPlane) - xPlane, max(params.wEnd, wPlane) - wPlane));
  if (i0 >= i1) { return; }

  let outArea = params.outArea;
  let outStepX = params.outStepX;
  let outPlane = n * params.outChannels + channel0;
  let out0 = outPlane * outArea + (y0 * params.outStepY + params.outY) * params.outWidth + x0 * outStepX + params.outX - params.outBase;
  let left = params.columns - x0;
  var acc: array<f32, TILE>; // @registers
  // @unroll
  for (var o = 0u; o < OC; o++) {
    let start = bias(min(channel0 + o, params.outChannels - 1u));
    let stored = CONTINUES && i0 > 0u && o0 + o < params.outputs && outPlane + o >= params.outStart && outPlane + o < params.outEnd;
    // @unroll
    for (var px = 0u; px < PX; px++) {
      acc[px * OC + o] = start;
      if (stored && px < left) { acc[px * OC + o] = out[out0 + o * outArea + px * outStepX]; }
    }
  }

  let height = i32(params.height);
  let width = i32(params.width);
  let area = params.height * params.width;
  let kernelArea = params.kernelArea;
  let taps = params.taps;
  let tapY = params.tapY;
  let tapX = params.tapX * QUADS;
  let dilationY = params.dilationY;
  let y1 = i32(y0 * params.strideY) + params.top;
  let x1 = i32(x0 * SX) + params.left;
  var plane = (xPlane + i0) * area - params.xBase;
  var kernel = (wPlane + i0) * kernelArea + params.tap0;
  let wBase = params.wBase;
  for (var i = i0; i < i1; i++) {
    var part: array<f32, TILE>; // @registers
    for (var ty = 0u; ty < taps; ty++) {
      let y = fold(y1 + i32(ty * dilationY), height);
      let limit = select(0u, u32(width), u32(y) < u32(height));
      let row = plane + u32(clamp(y, 0, height - 1) * width);
      var r: array<f32, SPAN>; // @registers
      // @unroll
      for (var s = 0u; s < SPAN; s++) {
        r[s] = fetch(row, x1 + i32(s), width, limit);
      }
      let first = (kernel + ty * tapY) * QUADS - wBase;
      var k: array<f32, WEIGHTS>; // @registers
      // @unroll
      for (var tx = 0u; tx < TW; tx++) {
        // @unroll
        for (var q = 0u; q < QUADS; q++) {
          let quad = w[first + tx * tapX + q];
          k[tx * LANES + q * 4u + 0u] = quad.x;
          k[tx * LANES + q * 4u + 1u] = quad.y;
          k[tx * LANES + q * 4u + 2u] = quad.z;
          k[tx * LANES + q * 4u + 3u] = quad.w;
        }
      }
      // Taps innermost: a CPU adapter keeps most sums in memory and so touches each once a row instead of TW times.
      // @unroll
      for (var o = 0u; o < OC; o++) {
        // @unroll
        for (var px = 0u; px < PX; px++) {
          // @unroll
          for (var tx = 0u; tx < TW; tx++) {
            if (BY_CHANNEL) {
              part[px * OC + o] += r[px * SX + tx * DX] * k[tx * LANES + o];
            } else {
              acc[px * OC + o] += r[px * SX + tx * DX] * k[tx * LANES + o];
            }
          }
        }
      }
    }
    // @unroll
    for (var s = 0u; s < TILE; s++) {
      if (BY_CHANNEL) { acc[s] += part[s]; }
    }
    plane += area;
    kernel += kernelArea;
  }

  // Sums that lack channels are stored as they are: another launch goes on from them.
  let ended = !CONTINUES || i1 == inputs;
  // @unroll
  for (var o = 0u; o < OC; o++) {
    if (o0 + o < params.outputs && outPlane + o >= params.outStart && outPlane + o < params.outEnd) {
      // @unroll
      for (var px = 0u; px < PX; px++) {
        if (px < left) {
          let at = out0 + o * outArea + px * outStepX;
          out[at] = select(acc[px * OC + o], emit(acc[px * OC + o], at + params.outBase), ended);
        }
      }
    }
  }
}
