// Winograd's sums over tiles, for each position r a matrix product of its own:
//
//   out[split, o, r, i] = Σ_n Σ_t  dy[n, o, r, t] · x[n, i, r, t]
//
// x [N, G·I, R, 4·quads] as winograd-input.wgsl leaves it, dy [N, G·O, R, 4·quads] as winograd-tiles.wgsl does. Threads run over
// blocks of IB input channels; each owns OB output channels. The OB values of dy are the same for all of them: as in
// conv-weight-quads.wgsl each lane of a subgroup loads one vec4 and hands it to the others; without subgroups LANES is 1.
//
// Threads side by side write side by side: a line of the cache that 16 workgroups fill in turns would go to memory as often.
// Splits are ranges of samples or of tiles, and ranges of planes continue each other's sums, as in conv-weight.wgsl.
// Dispatched by kernels/winograd-weight.ts; a workgroup has WG·IB input channels, one block of outputs, one position.

enable subgroups; // @if BROADCAST

const WG: u32 = 8;
const BROADCAST: bool = true;
const LANES: u32 = 8;
const OB: u32 = 8;
const IB: u32 = 4;
const PARTS: u32 = 1;        // OB / LANES
const SUMS: u32 = 32;        // OB·IB
const CONTINUES: bool = false;

struct Params {
  quads: u32, positions: u32,                       // vec4 of a row, rows of a plane
  inBlocks: u32, groupBlocks: u32,                  // workgroups over inputs, blocks of outputs in a group
  block0: u32, blocks: u32,                         // of this launch
  inputs: u32, outputs: u32,                        // channels of one group
  xChannels: u32, dyChannels: u32,
  image0: u32, images: u32, allImages: u32,
  split0: u32, splits: u32, segments: u32, segmentRows: u32, splitImages: u32,
  xStart: u32, xEnd: u32, xBase: u32,               // planes; xBase and dyBase count vec4
  dyStart: u32, dyEnd: u32, dyBase: u32,
  outStart: u32, outEnd: u32, outBase: u32,         // elements
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
  let r = index % params.positions;
  index /= params.positions;
  let i0 = (index % params.inBlocks * WG + invocation) * IB;
  index /= params.inBlocks;
  let block = params.block0 + index % params.blocks;
  let split = params.split0 + index / params.blocks;
  if (split >= params.split0 + params.splits) { return; }
  let o0 = block % params.groupBlocks * OB;
  let g = block / params.groupBlocks;

  let splitImage = split / params.segments * params.splitImages;
  let n0 = max(splitImage, params.image0);
  let n1 = min(min(splitImage + params.splitImages, params.allImages), params.image0 + params.images);
  if (n0 >= n1) { return; }
  let c0 = split % params.segments * params.segmentRows;
  let c1 = min(c0 + params.segmentRows, params.quads);

  let xChannel = g * params.inputs + i0;
  let dyChannel = g * params.outputs + o0;
  let xPlane = n0 * params.xChannels + xChannel;
  let dyPlane = n0 * params.dyChannels + dyChannel;
  let out0 = ((split * params.dyChannels + dyChannel) * params.positions + r) * params.inputs + i0;
  let outStep = params.inputs * params.positions;

  var acc: array<f32, SUMS>; // @registers
  // @unroll
  for (var o = 0u; o < OB; o++) {
    // @unroll
    for (var i = 0u; i < IB; i++) {
      let at = out0 + o * outStep + i;
      if (CONTINUES && n0 > splitImage && o0 + o < params.outputs && i0 + i < params.inputs && at >= params.outStart && at < params.outEnd) {
        acc[o * IB + i] = out[at - params.outBase];
      }
    }
  }

  for (var n = n0; n < n1; n++) {
    var xAt: array<u32, IB>; // @registers
    // @unroll
    for (var i = 0u; i < IB; i++) {
      let plane = clamp(n * params.xChannels + xChannel + i, params.xStart, params.xEnd - 1u);
      xAt[i] = (plane * params.positions + r) * params.quads - params.xBase;
    }
    var dyAt: array<u32, PARTS>; // @registers
    // @unroll
    for (var s = 0u; s < PARTS; s++) {
      let plane = clamp(n * params.dyChannels + dyChannel + s * LANES + lane, params.dyStart, params.dyEnd - 1u);
      dyAt[s] = (plane * params.positions + r) * params.quads - params.dyBase;
    }
    for (var c = c0; c < c1; c++) {
      var loaded: array<vec4f, PARTS>; // @registers
      // @unroll
      for (var s = 0u; s < PARTS; s++) {
        loaded[s] = dy[dyAt[s] + c];
      }
      var v: array<vec4f, IB>; // @registers
      // @unroll
      for (var i = 0u; i < IB; i++) {
        v[i] = x[xAt[i] + c];
      }
      // @unroll
      for (var s = 0u; s < PARTS; s++) {
        // @unroll
        for (var l = 0u; l < LANES; l++) {
          let d = pick(loaded[s], l);
          // @unroll
          for (var i = 0u; i < IB; i++) {
            let p = d * v[i];
            acc[s * LANES * IB + l * IB + i] += p.x + p.y + p.z + p.w;
          }
        }
      }
    }
  }

  // @unroll
  for (var o = 0u; o < OB; o++) {
    let hasOutput = o0 + o < params.outputs && dyPlane + o >= params.dyStart && dyPlane + o < params.dyEnd;
    // @unroll
    for (var i = 0u; i < IB; i++) {
      let at = out0 + o * outStep + i;
      let hasInput = i0 + i < params.inputs && xPlane + i >= params.xStart && xPlane + i < params.xEnd;
      if (hasOutput && hasInput && at >= params.outStart && at < params.outEnd) {
        out[at - params.outBase] = acc[o * IB + i];
      }
    }
  }
}
