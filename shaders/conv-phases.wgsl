// convTranspose2d of stride 2, all four sub-pixel phases in one thread (same sums, same order, same bits as conv.wgsl), on x
// as conv-columns.wgsl lays it out; also the data gradient of a convolution of stride 2:
//
//   out[n, o, 2·y + py, 2·c + px] = bias[o] + Σ_i Σ_ty Σ_tx  columns[n, i, y + top + AT_Y[ty], c + left + AT_X[tx]] · w[o, i, ky, kx]
//   over the taps with PHASE_Y[ty] = py and PHASE_X[tx] = px;  ky = TH−1−ty, kx = TW−1−tx
//
// Every tap belongs to one phase, and all phases read the same few pixels: a thread owns ROWS × QUADS × 4 pixels of x, hence
// four times as many of out, of OC channels, and loads a pixel once for all TH·TW taps where a kernel a phase loads it up to
// four times. On two cores, against conv-quads.wgsl: 64 → 32 channels of 16×32, 3×3: 1.3 to 2 times as fast on lavapipe, 1.8 on
// SwiftShader; 128 → 64 of 32×64: 1.1 to 1.3 on lavapipe. Two rows a thread take 0.85 of the time of one on lavapipe, 0.8 on
// SwiftShader, and LLVM 2.5 times as long to compile. Weights are shared as in conv-quads.wgsl: w is packed by conv-pack.wgsl as [block, i, ky, kx, OC],
// and LANES threads load one each and hand it round, or every thread loads vec4.
//
// Operands are ranges of planes, and launches continue each other's sums, as in conv.wgsl.
// Dispatched by kernels/conv-phases.ts, once per combination of ranges; a workgroup has one block of channels.

enable subgroups; // @if BROADCAST

const WG: u32 = 8;
const BROADCAST: bool = true;
const LANES: u32 = 8;
alias Packed = f32;          // one weight a lane, or vec4f
const TH: u32 = 3;
const TW: u32 = 3;
const AT_Y = array<u32, TH>(0u, 0u, 1u);    // row and column of a tap among those that the tile reads
const AT_X = array<u32, TW>(0u, 0u, 1u);
const PHASE_Y = array<u32, TH>(1u, 0u, 1u); // the phase it adds to
const PHASE_X = array<u32, TW>(1u, 0u, 1u);
const ROWS: u32 = 1;
const QUADS: u32 = 1;
const OC: u32 = 8;
const PARTS: u32 = 1;        // OC / LANES
const OUTER: u32 = 8;        // LANES or 1: all taps are added to one channel's sums,
const INNER: u32 = 1;        // or one after the other to those of all LANES
const TAPS: u32 = 9;         // TH·TW
const LOADS: u32 = 9;        // TAPS·PARTS
const LINES: u32 = 2;        // rows that the tile reads
const VECS: u32 = 2;         // vec4 of each of them
const SPAN: u32 = 8;         // VECS·4
const VALUES: u32 = 16;      // LINES·SPAN
const TILE: u32 = 8;         // ROWS·QUADS·OC
const PAIR: u32 = 16;        // 2·TILE
const SUMS: u32 = 32;        // 4·TILE
const CONTINUES: bool = false;

struct Params {
  tilesX: u32, tiles: u32, tileGroups: u32,         // tiles of a row and of a plane; workgroups for a plane
  block0: u32, blocks: u32, groupBlocks: u32,
  image0: u32, images: u32,
  inputs: u32, outputs: u32,                        // channels of one group
  xChannels: u32, outChannels: u32,
  xRows: u32, xQuads: u32,                          // of a plane of columns
  outHeight: u32, outWidth: u32,
  xStart: u32, xEnd: u32, xBase: u32,               // planes; xBase counts vec4
  wStart: u32, wEnd: u32, wBase: u32,               // wBase counts elements
  outStart: u32, outEnd: u32, outBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<Packed>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

fn bias(channel: u32) -> f32 { return b[channel]; }
fn emit(value: f32, i: u32) -> f32 { return value; }
// Place in w of what this lane loads of the LANES weights that begin at an element, and one of them.
fn place(element: u32, lane: u32) -> u32 { return element + lane; }
fn pick(loaded: Packed, l: u32) -> f32 { return subgroupShuffle(loaded, l); } // @inline

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) invocation: u32,
  @builtin(subgroup_invocation_id) inSubgroup: u32, // @if BROADCAST
) {
  var lane = 0u;
  lane = inSubgroup; // @if BROADCAST
  var index = group.y * groups.x + group.x;
  let tile = min(index % params.tileGroups * WG + invocation, params.tiles - 1u);
  let idle = index % params.tileGroups * WG + invocation >= params.tiles;
  index /= params.tileGroups;
  let block = params.block0 + index % params.blocks;
  let n = params.image0 + index / params.blocks;
  if (n >= params.image0 + params.images) { return; }
  let y0 = tile / params.tilesX * ROWS;
  let c0 = tile % params.tilesX * QUADS;
  let o0 = (block % params.groupBlocks) * OC;
  let channel0 = (block / params.groupBlocks) * params.outputs + o0;

  let inputs = params.inputs;
  let xPlane = n * params.xChannels + (block / params.groupBlocks) * inputs;
  let wPlane = block * inputs;
  let i0 = max(max(params.xStart, xPlane) - xPlane, max(params.wStart, wPlane) - wPlane);
  let i1 = min(inputs, min(max(params.xEnd, xPlane) - xPlane, max(params.wEnd, wPlane) - wPlane));
  if (i0 >= i1) { return; }

  let outPlane = n * params.outChannels + channel0;
  let outWidth = params.outWidth;
  let outArea = params.outHeight * outWidth;
  let out0 = outPlane * outArea + y0 * 2u * outWidth + c0 * 8u - params.outBase;
  let rowsLeft = params.outHeight - y0 * 2u;
  let columnsLeft = outWidth - c0 * 8u;
  var acc: array<vec4f, SUMS>; // @registers
  // @unroll
  for (var o = 0u; o < OC; o++) {
    let start = vec4f(bias(min(channel0 + o, params.outChannels - 1u)));
    let stored = CONTINUES && i0 > 0u && o0 + o < params.outputs && outPlane + o >= params.outStart && outPlane + o < params.outEnd;
    // @unroll
    for (var py = 0u; py < 2u; py++) {
      // @unroll
      for (var px = 0u; px < 2u; px++) {
        // @unroll
        for (var r = 0u; r < ROWS; r++) {
          // @unroll
          for (var q = 0u; q < QUADS; q++) {
            acc[py * PAIR + px * TILE + r * QUADS * OC + q * OC + o] = start;
            if (stored && r * 2u + py < rowsLeft) {
              // @unroll
              for (var j = 0u; j < 4u; j++) {
                if (q * 8u + j * 2u + px < columnsLeft) {
                  acc[py * PAIR + px * TILE + r * QUADS * OC + q * OC + o][j] = out[out0 + o * outArea + (r * 2u + py) * outWidth + q * 8u + j * 2u + px];
                }
              }
            }
          }
        }
      }
    }
  }

  let rowStep = params.xQuads;
  let plane = params.xRows * rowStep;
  let kernelStep = TAPS * OC;
  var at = (xPlane + i0) * plane + y0 * rowStep + c0 - params.xBase;
  var kernel = (wPlane + i0) * kernelStep - params.wBase;
  for (var i = i0; i < i1; i++) {
    var v: array<f32, VALUES>; // @registers
    // @unroll
    for (var line = 0u; line < LINES; line++) {
      // @unroll
      for (var s = 0u; s < VECS; s++) {
        let quad = x[at + line * rowStep + s];
        v[line * SPAN + s * 4u + 0u] = quad.x;
        v[line * SPAN + s * 4u + 1u] = quad.y;
        v[line * SPAN + s * 4u + 2u] = quad.z;
        v[line * SPAN + s * 4u + 3u] = quad.w;
      }
    }
    var loaded: array<Packed, LOADS>; // @registers
    // @unroll
    for (var tap = 0u; tap < TAPS; tap++) {
      // @unroll
      for (var s = 0u; s < PARTS; s++) {
        loaded[tap * PARTS + s] = w[place(kernel + (TAPS - 1u - tap) * OC + s * LANES, lane)];
      }
    }
    // @unroll
    for (var s = 0u; s < PARTS; s++) {
      // @unroll
      for (var outer = 0u; outer < OUTER; outer++) {
        // @unroll
        for (var ty = 0u; ty < TH; ty++) {
          // @unroll
          for (var tx = 0u; tx < TW; tx++) {
            // @unroll
            for (var inner = 0u; inner < INNER; inner++) {
              let weight = pick(loaded[ty * TW * PARTS + tx * PARTS + s], (outer * INNER + inner));
              // @unroll
              for (var r = 0u; r < ROWS; r++) {
                // @unroll
                for (var q = 0u; q < QUADS; q++) {
                  acc[PHASE_Y[ty] * PAIR + PHASE_X[tx] * TILE + r * QUADS * OC + q * OC + s * LANES + outer * INNER + inner] += vec4f(v[r * SPAN + AT_Y[ty] * SPAN + q * 4u + AT_X[tx]], v[r * SPAN + AT_Y[ty] * SPAN + q * 4u + AT_X[tx] + 1u], v[r * SPAN + AT_Y[ty] * SPAN + q * 4u + AT_X[tx] + 2u], v[r * SPAN + AT_Y[ty] * SPAN + q * 4u + AT_X[tx] + 3u]) * weight;
                }
              }
            }
          }
        }
      }
    }
    at += plane;
    kernel += kernelStep;
  }
  if (idle) { return; }

  // @unroll
  for (var o = 0u; o < OC; o++) {
    if (o0 + o < params.outputs && outPlane + o >= params.outStart && outPlane + o < params.outEnd) {
      // @unroll
      for (var r = 0u; r < ROWS; r++) {
        // @unroll
        for (var py = 0u; py < 2u; py++) {
          if (r * 2u + py < rowsLeft) {
            // @unroll
            for (var q = 0u; q < QUADS; q++) {
              // @unroll
              for (var j = 0u; j < 4u; j++) {
                // @unroll
                for (var px = 0u; px < 2u; px++) {
                  if (q * 8u + j * 2u + px < columnsLeft) {
                    let to = out0 + o * outArea + (r * 2u + py) * outWidth + q * 8u + j * 2u + px;
                    out[to] = emit(acc[py * PAIR + px * TILE + r * QUADS * OC + q * OC + o][j], to + params.outBase);
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
