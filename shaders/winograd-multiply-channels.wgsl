// Winograd's sums over input channels like winograd-multiply.wgsl (same sums, same order, same bits), for planes of few tiles:
//
//   sums[n, o, r, t] = Σ_i  w[o, i, r] · v[n, i, r, t]
//
// There threads stand side by side over tiles, and a plane of 8×16 has 8 of them: two vec4, for eight threads. Here they
// stand side by side over output channels, of which each owns VECS vec4 for TILES tiles. The tiles are the same for all:
// each lane of a subgroup loads one and hands it to the others; without subgroups LANES is 4 and every thread loads vec4.
// w is packed by winograd-weights.wgsl: OC = 4·WG·VECS channels of a block, r, i, in lines of 16 channels, which a line of the cache
// holds, so that winograd-multiply-adjoint.wgsl finds side by side what it reads; v and sums as in winograd-multiply.wgsl.
//
// Operands are ranges of planes, and launches continue each other's sums, as in conv.wgsl.
// Dispatched by kernels/winograd.ts; a workgroup has TILES tiles of one row and one block of channels.

enable subgroups; // @if BROADCAST

const WG: u32 = 8;
const LINE: u32 = 4;         // vec4 of a line
const BROADCAST: bool = true;
const LANES: u32 = 8;
alias Packed = f32;          // one tile a lane, or vec4f
const TILES: u32 = 8;
const TILE_QUADS: u32 = 2;   // TILES / 4
const PARTS: u32 = 1;        // TILES / LANES
const VECS: u32 = 1;
const SUMS: u32 = 8;         // TILES·VECS
const CONTINUES: bool = false;

struct Params {
  quads: u32, groupsX: u32, positions: u32,         // vec4 of a row, workgroups for it, rows of a plane
  block0: u32, blocks: u32, groupBlocks: u32,
  image0: u32, images: u32,
  inputs: u32, outputs: u32,                        // channels of one group
  xChannels: u32, outChannels: u32,
  xStart: u32, xEnd: u32, xBase: u32,               // planes; xBase counts elements
  wStart: u32, wEnd: u32, wBase: u32,               // wBase counts vec4
  wRow: u32, wStep: u32, wLine: u32,                // vec4 from a position to the next, from an input channel to the next, from a line to the next
  outStart: u32, outEnd: u32, outBase: u32,         // outBase counts vec4
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Packed>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

// Place in x of what this lane loads of the LANES tiles that begin at `tile` of the row at `start`, and one of them.
fn place(start: u32, tile: u32, lane: u32) -> u32 { return start + min(tile + lane, params.quads * 4u - 1u); }
fn pick(loaded: Packed, l: u32) -> f32 { return subgroupShuffle(loaded, l); } // @inline

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
  @builtin(subgroup_invocation_id) inSubgroup: u32, // @if BROADCAST
) {
  var lane = 0u;
  lane = inSubgroup; // @if BROADCAST
  var index = group.y * groups.x + group.x;
  let tile0 = index % params.groupsX * TILES;
  index /= params.groupsX;
  let r = index % params.positions;
  index /= params.positions;
  let block = params.block0 + index % params.blocks;
  let n = params.image0 + index / params.blocks;
  if (n >= params.image0 + params.images) { return; }
  let o0 = block % params.groupBlocks * (4u * WG * VECS) + thread * 4u;
  let channel0 = block / params.groupBlocks * params.outputs + o0;

  let inputs = params.inputs;
  let xPlane = n * params.xChannels + block / params.groupBlocks * inputs;
  let wPlane = block * inputs;
  let i0 = max(max(params.xStart, xPlane) - xPlane, max(params.wStart, wPlane) - wPlane);
  let i1 = min(inputs, min(max(params.xEnd, xPlane) - xPlane, max(params.wEnd, wPlane) - wPlane));
  if (i0 >= i1) { return; }

  let plane = params.positions * params.quads;
  let outPlane = n * params.outChannels + channel0;
  let quad0 = tile0 / 4u;
  let out0 = outPlane * plane + r * params.quads + quad0 - params.outBase;
  // Of output channel 4·WG·s + c from the thread's first.
  var acc: array<vec4f, SUMS>; // @registers
  if (CONTINUES && i0 > 0u) {
    // @unroll
    for (var s = 0u; s < VECS; s++) {
      // @unroll
      for (var c = 0u; c < 4u; c++) {
        let o = 4u * WG * s + c;
        if (o0 + o < params.outputs && outPlane + o >= params.outStart && outPlane + o < params.outEnd) {
          // @unroll
          for (var q = 0u; q < TILE_QUADS; q++) {
            if (quad0 + q < params.quads) {
              let stored = out[out0 + o * plane + q];
              acc[s * TILES + q * 4u][c] = stored.x;
              acc[s * TILES + q * 4u + 1u][c] = stored.y;
              acc[s * TILES + q * 4u + 2u][c] = stored.z;
              acc[s * TILES + q * 4u + 3u][c] = stored.w;
            }
          }
        }
      }
    }
  }

  var at = ((xPlane + i0) * params.positions + r) * params.quads * 4u - params.xBase;
  var first = wPlane * params.positions * (WG * VECS) + i0 * params.wStep + r * params.wRow + thread / LINE * params.wLine + thread % LINE - params.wBase;
  for (var i = i0; i < i1; i++) {
    var loaded: array<Packed, PARTS>; // @registers
    // @unroll
    for (var p = 0u; p < PARTS; p++) {
      loaded[p] = x[place(at, tile0 + p * LANES, lane)];
    }
    var weights: array<vec4f, VECS>; // @registers
    // @unroll
    for (var s = 0u; s < VECS; s++) {
      weights[s] = w[first + s * WG / LINE * params.wLine];
    }
    // @unroll
    for (var p = 0u; p < PARTS; p++) {
      // @unroll
      for (var l = 0u; l < LANES; l++) {
        let v = pick(loaded[p], l);
        // @unroll
        for (var s = 0u; s < VECS; s++) {
          acc[s * TILES + p * LANES + l] += v * weights[s];
        }
      }
    }
    at += plane * 4u;
    first += params.wStep;
  }

  // @unroll
  for (var s = 0u; s < VECS; s++) {
    // @unroll
    for (var c = 0u; c < 4u; c++) {
      let o = 4u * WG * s + c;
      if (o0 + o < params.outputs && outPlane + o >= params.outStart && outPlane + o < params.outEnd) {
        // @unroll
        for (var q = 0u; q < TILE_QUADS; q++) {
          if (quad0 + q < params.quads) {
            out[out0 + o * plane + q] = vec4f(acc[s * TILES + q * 4u][c], acc[s * TILES + q * 4u + 1u][c], acc[s * TILES + q * 4u + 2u][c], acc[s * TILES + q * 4u + 3u][c]);
          }
        }
      }
    }
  }
}
