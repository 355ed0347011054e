// Gather convolution like conv.wgsl (same sums, same order, same bits) on x as conv-columns.wgsl lays it out:
//
//   out[n, o, y·outStepY + outY, c·outStepX + outX] =
//     bias[o] + Σ_i Σ_ty Σ_tx  columns[n, i, y·strideY + ty·dilationY + top, PHASE[tx], c + SHIFT[tx]] · w[o, i, tap(ty, tx)]
//
// or, BARE, on x itself, whose rows are whole vec4 then and which is 0 beyond them: SX is 1, and SPREAD the stride along a row.
//
// A thread owns ROWS × QUADS × 4 pixels of OC channels. On a CPU adapter a load costs 20–40 multiply-adds and is no cheaper
// where all lanes want the same, as they do the weights: here each lane of a subgroup (LANES, the whole workgroup or a
// part of it) loads one weight and hands it to the others, so a weight costs a broadcast. Without subgroups LANES is 4 and
// every thread loads its weights as vec4. Where a lane loads a vec4 of them, LANES is 32. 64 channels on 64×64, two cores: lavapipe
// 33 GF/s (conv.wgsl 9), SwiftShader 2.7 (1.8). w is packed by conv-pack.wgsl as [block, i, ky, kx, OC].
//
// Operands are ranges of planes, and launches continue each other's sums, as in conv.wgsl.
// Dispatched by kernels/conv-quads.ts, once per phase and combination of ranges; a workgroup has one block of channels.

enable subgroups; // @if BROADCAST

const WG: u32 = 8;
const BROADCAST: bool = true;
const LANES: u32 = 8;
alias Packed = f32;          // one weight a lane, or vec4f
const TW: u32 = 3;
const SX: u32 = 1;
const SPREAD: u32 = 1;       // from a pixel's place in a row of the tile to the next one's
const BARE: bool = false;
const ROWS: u32 = 2;
const QUADS: u32 = 1;
const OC: u32 = 16;
const PARTS: u32 = 2;        // OC / LANES
const LOADS: u32 = 6;        // TW·PARTS
const VECS: u32 = 2;         // vec4 that a row of the tile spans in each phase
const FIRST: u32 = 0;        // of what these hold, the first and the last that is read
const LAST: u32 = 7;
const SPAN: u32 = 8;         // SX·VECS·4
const VALUES: u32 = 16;      // ROWS·SPAN
const SHIFTED: u32 = 6;      // ROWS·QUADS·TW
const SUMS: u32 = 32;        // ROWS·QUADS·OC
const AT = array<u32, TW>(0u, 1u, 2u); // of tap tx in a row of the tile: PHASE[tx]·VECS·4 + SHIFT[tx]
const CONTINUES: bool = false;
const BY_CHANNEL: bool = false;  // a channel's products are added by themselves, then to the sum: less rounding

struct Params {
  tilesX: u32, tiles: u32, tileGroups: u32,         // tiles of a row and of a plane; workgroups for a plane
  rows: u32, columns: u32,                          // of the grid y, c (a phase's own)
  block0: u32, blocks: u32, groupBlocks: u32,
  image0: u32, images: u32,
  inputs: u32, outputs: u32,                        // channels of one group
  xChannels: u32, outChannels: u32,
  xRows: i32, xQuads: i32,                          // of a plane of columns, or of x
  top: i32, left: i32,                              // rows, vec4
  strideY: u32, dilationY: u32, taps: u32,
  outWidth: u32, outArea: u32, outY: u32, outX: u32, outStepY: u32, outStepX: u32,
  kernelArea: u32, tap0: u32, tapY: u32, tapX: u32,
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
  let column0 = c0 * 4u;
  let out0 = outPlane * params.outArea + (y0 * params.outStepY + params.outY) * params.outWidth + column0 * params.outStepX + params.outX - params.outBase;
  let outRow = params.outStepY * params.outWidth;
  var acc: array<vec4f, SUMS>; // @registers
  // @unroll
  for (var o = 0u; o < OC; o++) {
    let start = vec4f(bias(min(channel0 + o, params.outChannels - 1u)));
    let stored = CONTINUES && i0 > 0u && o0 + o < params.outputs && outPlane + o >= params.outStart && outPlane + o < params.outEnd;
    // @unroll
    for (var r = 0u; r < ROWS; r++) {
      // @unroll
      for (var q = 0u; q < QUADS; q++) {
        acc[r * QUADS * OC + q * OC + o] = start;
        if (stored && y0 + r < params.rows) {
          // @unroll
          for (var j = 0u; j < 4u; j++) {
            if (column0 + q * 4u + j < params.columns) {
              acc[r * QUADS * OC + q * OC + o][j] = out[out0 + o * params.outArea + r * outRow + (q * 4u + j) * params.outStepX];
            }
          }
        }
      }
    }
  }

  let rowStep = SX * u32(params.xQuads);
  let plane = u32(params.xRows) * rowStep;
  let taps = params.taps;
  let tapY = params.tapY * OC;
  let tapX = params.tapX * OC;
  let kernelStep = params.kernelArea * OC;
  var at = (xPlane + i0) * plane - params.xBase;
  var kernel = (wPlane + i0) * kernelStep + params.tap0 * OC - params.wBase;
  for (var i = i0; i < i1; i++) {
    var part: array<vec4f, SUMS>; // @registers
    var first = kernel;
    for (var ty = 0u; ty < taps; ty++) {
      var v: array<f32, VALUES>; // @registers
      // @unroll
      for (var r = 0u; r < ROWS; r++) {
        let y = i32((y0 + r) * params.strideY + ty * params.dilationY) + params.top;
        let inRow = !BARE || (y >= 0 && y < params.xRows);
        let line = at + u32(clamp(y, 0, params.xRows - 1)) * rowStep;
        // @unroll
        for (var p = 0u; p < SX; p++) {
          // @unroll
          for (var s = 0u; s < VECS; s++) {
            let column = i32(c0 * SPREAD + s) + params.left;
            let inside = inRow && (!BARE || (column >= 0 && column < params.xQuads));
            let quadAt = line + p * u32(params.xQuads) + u32(clamp(column, 0, params.xQuads - 1));
            if (s * 4u >= FIRST && s * 4u + 3u <= LAST) {
              let quad = select(vec4f(), x[quadAt], inside);
              // @unroll
              for (var k = 0u; k < 4u; k++) {
                v[r * SPAN + p * VECS * 4u + s * 4u + k] = quad[k];
              }
            } else {
              // @unroll
              for (var k = 0u; k < 4u; k++) {
                if (s * 4u + k >= FIRST && s * 4u + k <= LAST) {
                  v[r * SPAN + p * VECS * 4u + s * 4u + k] = select(0.0, x[quadAt][k], inside);
                }
              }
            }
          }
        }
      }
      var loaded: array<Packed, LOADS>; // @registers
      // @unroll
      for (var tx = 0u; tx < TW; tx++) {
        // @unroll
        for (var s = 0u; s < PARTS; s++) {
          loaded[tx * PARTS + s] = w[place(first + tx * tapX + s * LANES, lane)];
        }
      }
      var shifted: array<vec4f, SHIFTED>; // @registers
      // @unroll
      for (var tx = 0u; tx < TW; tx++) {
        // @unroll
        for (var r = 0u; r < ROWS; r++) {
          // @unroll
          for (var q = 0u; q < QUADS; q++) {
            shifted[r * QUADS * TW + q * TW + tx] = vec4f(v[r * SPAN + q * 4u * SPREAD + AT[tx]], v[r * SPAN + q * 4u * SPREAD + AT[tx] + SPREAD], v[r * SPAN + q * 4u * SPREAD + AT[tx] + 2u * SPREAD], v[r * SPAN + q * 4u * SPREAD + AT[tx] + 3u * SPREAD]);
          }
        }
      }
      // @unroll
      for (var s = 0u; s < PARTS; s++) {
        // @unroll
        for (var l = 0u; l < LANES; l++) {
          // @unroll
          for (var tx = 0u; tx < TW; tx++) {
            let weight = pick(loaded[tx * PARTS + s], l);
            // @unroll
            for (var r = 0u; r < ROWS; r++) {
              // @unroll
              for (var q = 0u; q < QUADS; q++) {
                if (BY_CHANNEL) {
                  part[r * QUADS * OC + q * OC + s * LANES + l] += shifted[r * QUADS * TW + q * TW + tx] * weight;
                } else {
                  acc[r * QUADS * OC + q * OC + s * LANES + l] += shifted[r * QUADS * TW + q * TW + tx] * weight;
                }
              }
            }
          }
        }
      }
      first += tapY;
    }
    // @unroll
    for (var s = 0u; s < SUMS; s++) {
      if (BY_CHANNEL) { acc[s] += part[s]; }
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
        if (y0 + r < params.rows) {
          // @unroll
          for (var q = 0u; q < QUADS; q++) {
            let sums = acc[r * QUADS * OC + q * OC + o];
            // @unroll
            for (var j = 0u; j < 4u; j++) {
              if (column0 + q * 4u + j < params.columns) {
                let to = out0 + o * params.outArea + r * outRow + (q * 4u + j) * params.outStepX;
                out[to] = emit(sums[j], to + params.outBase);
              }
            }
          }
        }
      }
    }
  }
}
