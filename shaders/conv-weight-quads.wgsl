// Weight gradient like conv-weight.wgsl, on x as conv-columns.wgsl lays it out and dy in rows of whole vec4, zero behind:
//
//   dw[o, i, ky, kx] = Σ_n Σ_y Σ_c  dy[n, o, y, c] · columns[n, i, y·strideY + ky·dilationY, PHASE[kx], c + SHIFT[kx]]
//
// Threads run over input channels. Each owns OB output channels, TH rows of the kernel and all its columns, and per step
// loads four pixels of its own channel in every tap row; the OB·4 values of dy, the same for all of them, are loaded once by
// a subgroup (LANES output channels at a time) and broadcast: OB·TH·TW·4 multiply-adds for TH·VECS + OB/LANES loads.
// 64 channels on 64×64, two cores: lavapipe 27 GF/s (conv-weight.wgsl 9), SwiftShader 4.0 (1.1). Without subgroups LANES is 1.
//
// Splits, ranges of planes and continued sums as in conv-weight.wgsl; partial sums [splits, G·O, I, KH, KW].
// Dispatched by kernels/conv-weight-quads.ts; a workgroup has WG input channels, one block of outputs and TH tap rows.

enable subgroups; // @if BROADCAST

const WG: u32 = 8;
const BROADCAST: bool = true;
const LANES: u32 = 8;
const OB: u32 = 8;
const PARTS: u32 = 1;        // OB / LANES
const TH: u32 = 3;
const TW: u32 = 3;
const SX: u32 = 1;
const VECS: u32 = 2;
const SPAN: u32 = 8;         // SX·VECS·4
const VALUES: u32 = 24;      // TH·SPAN
const SUMS: u32 = 72;        // OB·TH·TW
const AT = array<u32, TW>(0u, 1u, 2u); // of tap kx in a row: PHASE[kx]·VECS·4 + SHIFT[kx]
const CONTINUES: bool = false;

struct Params {
  kernelHeight: u32,
  tapGroups: u32, inBlocks: u32, groupBlocks: u32, blocks: u32, // of TH tap rows, WG inputs, OB outputs in a group and in all
  split0: u32, splits: u32,
  segments: u32, segmentRows: u32, splitImages: u32, allImages: u32,
  image0: u32, images: u32,
  inputs: u32, outputs: u32,                       // channels of one group
  xChannels: u32, dyChannels: u32,
  xRows: u32, xQuads: u32, strideY: u32, dilationY: u32,
  rows: u32, quads: u32,                           // of dy
  xStart: u32, xEnd: u32, xBase: u32,              // planes; bases of x and dy count vec4
  dyStart: u32, dyEnd: u32, dyBase: u32,
  outStart: u32, outEnd: u32, outBase: u32,        // elements
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

fn pick(loaded: vec4f, l: u32) -> vec4f { return subgroupShuffle(loaded, l); } // @inline

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
  let ky0 = index % params.tapGroups * TH;
  index /= params.tapGroups;
  let i = index % params.inBlocks * WG + invocation;
  index /= params.inBlocks;
  let block = index % params.blocks;
  let split = params.split0 + index / params.blocks;
  if (split >= params.split0 + params.splits) { return; }
  let o0 = block % params.groupBlocks * OB;
  let g = block / params.groupBlocks;

  let splitImage = split / params.segments * params.splitImages;
  let n0 = max(splitImage, params.image0);
  let n1 = min(min(splitImage + params.splitImages, params.allImages), params.image0 + params.images);
  if (n0 >= n1) { return; }
  let row0 = split % params.segments * params.segmentRows;
  let row1 = min(row0 + params.segmentRows, params.rows);

  let xChannel = g * params.inputs + i;
  let dyChannel = g * params.outputs + o0;
  let xPlane = n0 * params.xChannels + xChannel;
  let dyPlane = n0 * params.dyChannels + dyChannel;
  let kernelArea = params.kernelHeight * TW;
  let out0 = ((split * params.dyChannels + dyChannel) * params.inputs + i) * kernelArea + ky0 * TW;
  let outStep = params.inputs * kernelArea;
  let hasInput = i < params.inputs && xPlane >= params.xStart && xPlane < params.xEnd;

  var acc: array<f32, SUMS>; // @registers
  if (CONTINUES && n0 > splitImage && hasInput) {
    // @unroll
    for (var o = 0u; o < OB; o++) {
      let at = out0 + o * outStep;
      if (o0 + o < params.outputs && at >= params.outStart && at < params.outEnd) {
        // @unroll
        for (var t = 0u; t < TH; t++) {
          // @unroll
          for (var tx = 0u; tx < TW; tx++) {
            acc[o * TH * TW + t * TW + tx] = out[at + t * TW + tx - params.outBase];
          }
        }
      }
    }
  }

  let rowStep = SX * params.xQuads;
  let tapStep = params.dilationY * rowStep;
  let quads = params.quads;
  for (var n = n0; n < n1; n++) {
    let xAt = clamp(n * params.xChannels + xChannel, params.xStart, params.xEnd - 1u) * params.xRows;
    var dyAt: array<u32, PARTS>; // @registers
    // @unroll
    for (var s = 0u; s < PARTS; s++) {
      dyAt[s] = clamp(n * params.dyChannels + dyChannel + s * LANES + lane, params.dyStart, params.dyEnd - 1u) * params.rows;
    }
    for (var row = row0; row < row1; row++) {
      let here = (xAt + row * params.strideY + ky0 * params.dilationY) * rowStep - params.xBase;
      for (var c = 0u; c < quads; c++) {
        var loaded: array<vec4f, PARTS>; // @registers
        // @unroll
        for (var s = 0u; s < PARTS; s++) {
          loaded[s] = dy[(dyAt[s] + row) * quads + c - params.dyBase];
        }
        var v: array<f32, VALUES>; // @registers
        // @unroll
        for (var t = 0u; t < TH; t++) {
          // @unroll
          for (var p = 0u; p < SX; p++) {
            // @unroll
            for (var s = 0u; s < VECS; s++) {
              let quad = x[here + t * tapStep + p * params.xQuads + c + s];
              v[t * SPAN + p * VECS * 4u + s * 4u + 0u] = quad.x;
              v[t * SPAN + p * VECS * 4u + s * 4u + 1u] = quad.y;
              v[t * SPAN + p * VECS * 4u + s * 4u + 2u] = quad.z;
              v[t * SPAN + p * VECS * 4u + s * 4u + 3u] = quad.w;
            }
          }
        }
        // @unroll
        for (var s = 0u; s < PARTS; s++) {
          // @unroll
          for (var l = 0u; l < LANES; l++) {
            let d = pick(loaded[s], l);
            // @unroll
            for (var t = 0u; t < TH; t++) {
              // @unroll
              for (var tx = 0u; tx < TW; tx++) {
                acc[s * LANES * TH * TW + l * TH * TW + t * TW + tx] = acc[s * LANES * TH * TW + l * TH * TW + t * TW + tx] + d.x * v[t * SPAN + AT[tx]] + d.y * v[t * SPAN + AT[tx] + 1u] + d.z * v[t * SPAN + AT[tx] + 2u] + d.w * v[t * SPAN + AT[tx] + 3u];
              }
            }
          }
        }
      }
    }
  }

  if (!hasInput) { return; }
  // @unroll
  for (var o = 0u; o < OB; o++) {
    let at = out0 + o * outStep;
    let hasOutput = o0 + o < params.outputs && dyPlane + o >= params.dyStart && dyPlane + o < params.dyEnd;
    if (hasOutput && at >= params.outStart && at < params.outEnd) {
      // @unroll
      for (var t = 0u; t < TH; t++) {
        // @unroll
        for (var tx = 0u; tx < TW; tx++) {
          out[at + t * TW + tx - params.outBase] = acc[o * TH * TW + t * TW + tx];
        }
      }
    }
  }
}
