// A convolution of one-hot planes by looking weights up where a pixel's class says, instead of multiplying by zeros:
//
//   y[n, o, p] = Σ_ty Σ_tx w[o, ids[n, p·stride + (ty, tx) − padding], ty, tx],  nothing for ids outside 0 … classes − 1 and outside of
//   the picture, or with its border mirrored
//
// ids [N, 1, H, W]; w packed by conv-pack.wgsl as [block, class, ty, tx, OC]; y [N, O, OH, OW]. w and y are ranges of planes: of blocks,
// and of [n, o]. A thread owns OC channels of PX pixels of a row: of 49 taps and 36 classes it adds 49 weights a pixel where a
// convolution multiplies 1764. Neighbours are mostly of one class: what the one before has loaded is kept, which on lavapipe takes 0.6 of
// the time where labels are blocks of 16 pixels, and 1.15 where every pixel differs.
// Dispatched by kernels/label-conv.ts; a workgroup has one block of channels.

const WG: u32 = 64;
const PX: u32 = 4;
const OC: u32 = 8;
const VECS: u32 = 2;         // OC / 4
const SUMS: u32 = 8;         // PX·VECS
const REFLECT: bool = false;

struct Params {
  image0: u32, images: u32,
  block0: u32, blocks: u32,
  rowThreads: u32, planeGroups: u32,                // threads for a row of y, workgroups for a plane
  outputs: u32, classes: u32,
  height: i32, width: i32, outArea: u32, outWidth: u32,
  kernelHeight: u32, kernelWidth: u32,
  strideY: i32, strideX: i32, top: i32, left: i32,  // of the first tap from a pixel: −padding
  idsBase: u32, wBase: u32,                         // wBase counts vec4
  outStart: u32, outEnd: u32, outBase: u32,         // planes
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

fn emit(value: f32, i: u32) -> f32 { return value; }

fn fold(i: i32, size: i32) -> i32 {
  if (!REFLECT) { return i; }
  let j = abs(i);
  return select(j, 2 * (size - 1) - j, j >= size);
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  var index = group.y * groups.x + group.x;
  let place = index % params.planeGroups * WG + lane;
  index /= params.planeGroups;
  let block = params.block0 + index % params.blocks;
  let n = params.image0 + index / params.blocks;
  let row = place / params.rowThreads;
  let column = place % params.rowThreads * PX;
  let pixel = row * params.outWidth + column;
  if (n >= params.image0 + params.images || pixel >= params.outArea) { return; }
  let y0 = i32(row) * params.strideY + params.top;
  let x0 = i32(column) * params.strideX + params.left;
  let start = n * u32(params.height * params.width) - params.idsBase;
  let taps = params.kernelHeight * params.kernelWidth;
  let first = block * params.classes * taps * VECS - params.wBase;

  var sums: array<vec4f, SUMS>; // @registers
  for (var ty = 0u; ty < params.kernelHeight; ty++) {
    let yy = fold(y0 + i32(ty), params.height);
    if (yy < 0 || yy >= params.height) { continue; }
    let line = start + u32(yy * params.width);
    for (var tx = 0u; tx < params.kernelWidth; tx++) {
      let tap = ty * params.kernelWidth + tx;
      var held = params.classes;
      var weights: array<vec4f, VECS>; // @registers
      // @unroll
      for (var p = 0u; p < PX; p++) {
        let xx = fold(x0 + i32(p) * params.strideX + i32(tx), params.width);
        let id = u32(ids[line + u32(clamp(xx, 0, params.width - 1))]);
        let kind = select(params.classes, min(id, params.classes), xx >= 0 && xx < params.width);
        if (kind != held) {
          held = kind;
          let at = first + (min(kind, params.classes - 1u) * taps + tap) * VECS;
          // @unroll
          for (var k = 0u; k < VECS; k++) {
            weights[k] = select(vec4f(), w[at + k], kind < params.classes);
          }
        }
        // @unroll
        for (var k = 0u; k < VECS; k++) {
          sums[p * VECS + k] += weights[k];
        }
      }
    }
  }
  let plane = n * params.outputs + block * OC;
  let to = plane * params.outArea + pixel - params.outBase;
  // @unroll
  for (var k = 0u; k < VECS; k++) {
    // @unroll
    for (var j = 0u; j < 4u; j++) {
      let o = plane + k * 4u + j;
      if (block * OC + k * 4u + j < params.outputs && o >= params.outStart && o < params.outEnd) {
        // @unroll
        for (var p = 0u; p < PX; p++) {
          if (column + p < params.outWidth) {
            let i = to + (k * 4u + j) * params.outArea + p;
            out[i] = emit(sums[p * VECS + k][j], i + params.outBase);
          }
        }
      }
    }
  }
}
