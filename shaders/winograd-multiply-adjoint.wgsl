// Winograd's sums backwards, over the output channels o of a convolution, by the weights that its own sums were formed with:
//
//   sums[n, i, r, t] = Σ_o  w[o, i, r] · x[n, o, r, t]
//
// x [N, O, R, 4·quads] as winograd-adjoint-input.wgsl leaves it; w packed by winograd-weights.wgsl for the convolution itself: 4·blockQuads
// channels o of a block, in lines of 16, by position (kernels/winograd.ts, orderOf); sums [N, I, R, 4·quads]. As in
// winograd-multiply-channels.wgsl threads stand side by side over the channels that they make, of which each owns 4·VECS for TILES tiles,
// and the tiles are the same for all: each lane of a subgroup loads one and hands it to the others; without subgroups LANES is 4 and
// every thread loads vec4. Of w a thread loads four o at once for each of its channels, a vec4: threads side by side read lines side by
// side, at places that the compiler knows apart, since LINE is a constant. Behind the last o w is zero. Behind the last i a thread
// reads other weights, or past the end, which WebGPU bounds, for sums that it does not store.
//
// Operands are whole. Dispatched by kernels/winograd-adjoint.ts; a workgroup has TILES tiles of one row and one block of channels.

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
const LOADS: u32 = 4;        // 4·PARTS
const CHANNELS: u32 = 4;     // 4·VECS
const SUMS: u32 = 8;         // TILES·VECS

struct Params {
  quads: u32, groupsX: u32, positions: u32,         // vec4 of a row, workgroups for it, rows of a plane
  images: u32,
  blocks: u32, groupBlocks: u32,                    // blocks of channels i, of all groups and of one
  inputs: u32, outputs: u32,                        // channels o and i of one group
  xChannels: u32, outChannels: u32,
  wBlocks: u32, blockQuads: u32,                    // blocks of channels o in a group, vec4 of a block
  wBlock: u32, wRow: u32, wLine: u32,               // vec4 from a block to the next, from a position to the next, from a line of channels to the next
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
  let block = index % params.blocks;
  let n = index / params.blocks;
  if (n >= params.images) { return; }
  let g = block / params.groupBlocks;
  let i0 = block % params.groupBlocks * (4u * WG * VECS) + thread;

  var first: array<u32, CHANNELS>; // @registers
  // @unroll
  for (var s = 0u; s < VECS; s++) {
    // @unroll
    for (var c = 0u; c < 4u; c++) {
      let i = i0 + WG * (4u * s + c);
      first[s * 4u + c] = g * params.wBlocks * params.wBlock + r * params.wRow + i * LINE;
    }
  }
  let plane = params.positions * params.quads;
  let row = (n * params.xChannels + g * params.inputs) * plane * 4u + r * params.quads * 4u;
  var acc: array<vec4f, SUMS>; // @registers
  for (var b = 0u; b < params.wBlocks; b++) {
    let o0 = b * params.blockQuads * 4u;
    let end = min(params.blockQuads, (params.inputs - o0 + 3u) / 4u);
    for (var q = 0u; q < end; q++) {
      var weights: array<vec4f, CHANNELS>; // @registers
      // @unroll
      for (var c = 0u; c < CHANNELS; c++) {
        weights[c] = w[first[c] + b * params.wBlock + q / LINE * params.wLine + q % LINE];
      }
      var loaded: array<Packed, LOADS>; // @registers
      // @unroll
      for (var k = 0u; k < 4u; k++) {
        let at = row + min(o0 + q * 4u + k, params.inputs - 1u) * plane * 4u;
        // @unroll
        for (var p = 0u; p < PARTS; p++) {
          loaded[p * 4u + k] = x[place(at, tile0 + p * LANES, lane)];
        }
      }
      // @unroll
      for (var p = 0u; p < PARTS; p++) {
        // @unroll
        for (var l = 0u; l < LANES; l++) {
          // @unroll
          for (var s = 0u; s < VECS; s++) {
            // @unroll
            for (var k = 0u; k < 4u; k++) {
              acc[s * TILES + p * LANES + l] += pick(loaded[p * 4u + k], l) * vec4f(weights[s * 4u][k], weights[s * 4u + 1u][k], weights[s * 4u + 2u][k], weights[s * 4u + 3u][k]);
            }
          }
        }
      }
    }
  }

  let quad0 = tile0 / 4u;
  let to = (n * params.outChannels + g * params.outputs + i0) * plane + r * params.quads + quad0;
  // @unroll
  for (var s = 0u; s < VECS; s++) {
    // @unroll
    for (var c = 0u; c < 4u; c++) {
      let i = WG * (4u * s + c);
      if (i0 + i < params.outputs) {
        // @unroll
        for (var q = 0u; q < TILE_QUADS; q++) {
          if (quad0 + q < params.quads) {
            out[to + i * plane + q] = vec4f(acc[s * TILES + q * 4u][c], acc[s * TILES + q * 4u + 1u][c], acc[s * TILES + q * 4u + 2u][c], acc[s * TILES + q * 4u + 3u][c]);
          }
        }
      }
    }
  }
}
