// Winograd's sums over input channels, for each position r of a tile a matrix product of its own:
//
//   sums[n, o, r, t] = Σ_i  w[o, i, r] · v[n, i, r, t]
//
// v [N, I, R, 4·quads] as winograd-input.wgsl leaves it, or [R, N, I, 4·quads]; w packed by winograd-weights.wgsl: OC channels of a block, i, r; sums
// [N, O, R, 4·quads]. A thread owns QUADS × 4 tiles of OC channels; threads of a workgroup stand side by side in a row r, so the
// weights are the same for all: as in conv-quads.wgsl each lane of a subgroup loads one and hands it to the others. Without
// subgroups LANES is 4 and every thread loads its weights as vec4. Subgroups of eight load a vec4 a lane, LANES is 32, which takes half the
// time of four single weights on lavapipe; and since sums lie on the stack there, they are read and written once for DEPTH input channels.
// Same sums, same order, same bits every way.
//
// Operands are ranges of planes, and launches continue each other's sums, as in conv.wgsl.
// Dispatched by kernels/winograd.ts; a workgroup has one row and one block of channels.

enable subgroups; // @if BROADCAST

const WG: u32 = 8;
const BROADCAST: bool = true;
const LANES: u32 = 8;        // weights that are loaded together
alias Packed = f32;          // one weight a lane, or vec4f
const QUADS: u32 = 1;
const OC: u32 = 32;
const DEPTH: u32 = 2;        // input channels a step
const PARTS: u32 = 4;        // OC / LANES
const SUMS: u32 = 32;        // QUADS·OC
const VALUES: u32 = 2;       // DEPTH·QUADS
const LOADS: u32 = 8;        // DEPTH·PARTS
const CONTINUES: bool = false;

struct Params {
  quads: u32, groupsX: u32, positions: u32,         // vec4 of a row, workgroups for it, rows of a plane
  block0: u32, blocks: u32, groupBlocks: u32,
  image0: u32, images: u32,
  inputs: u32, outputs: u32,                        // channels of one group
  xChannels: u32, outChannels: u32,
  xStart: u32, xEnd: u32, xBase: u32,               // planes; xBase counts vec4
  xRow: u32, xStep: u32,                            // vec4 from a position to the next, from an input channel to the next
  wStart: u32, wEnd: u32, wBase: u32,               // wBase counts elements
  wRow: u32, wStep: u32,                            // elements from a position to the next, from an input channel to the next
  outStart: u32, outEnd: u32, outBase: u32,         // outBase counts vec4
  goesOn: u32,                                      // 1: adds to what an earlier band of input channels stored
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<Packed>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

// Place in w of what this lane loads of the LANES weights that begin at an element, and one of them.
fn place(element: u32, lane: u32) -> u32 { return element + lane; }
fn pick(loaded: Packed, l: u32) -> f32 { return subgroupShuffle(loaded, l); } // @inline
// Input channels from … to that have anything at position r of a block.
fn reach(r: u32, block: u32) -> vec2u { return vec2u(0u, params.inputs); }

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
  let quad0 = (index % params.groupsX * WG + invocation) * QUADS;
  index /= params.groupsX;
  let r = index % params.positions;
  index /= params.positions;
  let block = params.block0 + index % params.blocks;
  let n = params.image0 + index / params.blocks;
  if (n >= params.image0 + params.images) { return; }
  let o0 = (block % params.groupBlocks) * OC;
  let channel0 = (block / params.groupBlocks) * params.outputs + o0;

  let inputs = params.inputs;
  let xPlane = n * params.xChannels + (block / params.groupBlocks) * inputs;
  let wPlane = block * inputs;
  let reached = reach(r, block);
  let i0 = max(reached.x, max(max(params.xStart, xPlane) - xPlane, max(params.wStart, wPlane) - wPlane));
  let i1 = min(reached.y, min(max(params.xEnd, xPlane) - xPlane, max(params.wEnd, wPlane) - wPlane));
  if (i0 >= i1) { return; }

  let plane = params.positions * params.quads;
  let outPlane = n * params.outChannels + channel0;
  let out0 = outPlane * plane + r * params.quads + quad0 - params.outBase;
  var acc: array<vec4f, SUMS>; // @registers
  // @unroll
  for (var o = 0u; o < OC; o++) {
    if (CONTINUES && i0 + params.goesOn > reached.x && o0 + o < params.outputs && outPlane + o >= params.outStart && outPlane + o < params.outEnd) {
      // @unroll
      for (var q = 0u; q < QUADS; q++) {
        if (quad0 + q < params.quads) {
          acc[q * OC + o] = out[out0 + o * plane + q];
        }
      }
    }
  }

  let at = xPlane * params.xStep + r * params.xRow - params.xBase;
  let first = wPlane * params.positions * OC + r * params.wRow - params.wBase;
  for (var i = i0; i < i1; i += DEPTH) {
    var v: array<vec4f, VALUES>; // @registers
    var loaded: array<Packed, LOADS>; // @registers
    // @unroll
    for (var d = 0u; d < DEPTH; d++) {
      // Behind the last channel: that one again, times nothing.
      let ahead = min(i + d, i1 - 1u);
      // @unroll
      for (var q = 0u; q < QUADS; q++) {
        v[d * QUADS + q] = x[at + ahead * params.xStep + min(quad0 + q, params.quads - 1u)];
      }
      // @unroll
      for (var s = 0u; s < PARTS; s++) {
        loaded[d * PARTS + s] = select(Packed(), w[place(first + ahead * params.wStep + s * LANES, lane)], i + d == ahead);
      }
    }
    // @unroll
    for (var s = 0u; s < PARTS; s++) {
      // @unroll
      for (var l = 0u; l < LANES; l++) {
        // @unroll
        for (var q = 0u; q < QUADS; q++) {
          // @unroll
          for (var d = 0u; d < DEPTH; d++) {
            acc[q * OC + s * LANES + l] += v[d * QUADS + q] * pick(loaded[d * PARTS + s], l);
          }
        }
      }
    }
  }

  // @unroll
  for (var o = 0u; o < OC; o++) {
    if (o0 + o < params.outputs && outPlane + o >= params.outStart && outPlane + o < params.outEnd) {
      // @unroll
      for (var q = 0u; q < QUADS; q++) {
        if (quad0 + q < params.quads) {
          out[out0 + o * plane + q] = acc[q * OC + o];
        }
      }
    }
  }
}
