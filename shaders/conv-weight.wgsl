// Weight gradient of conv2d (and, with x and dy exchanged, of convTranspose2d):
//
//   dw[o, i, ky, kx] = Σ_n Σ_y Σ_c  dy[n, o, y, c] · x[n, i, y·strideY + ky·dilationY + top, c·SX + kx·DX + left]
//
// x [N, G·I, H, W], dy [N, G·O, OH, OW], dw [splits, G·O, I, KH, KW]; conv-sum.wgsl adds the splits in order. A split is a
// range of samples or of rows of one sample, chosen from the shape alone. A thread owns one tap row ky of OB × IB channel
// pairs and walks its rows with a window of SPAN pixels a channel: OB + IB·SX loads a column for OB·IB·TW multiply-adds.
// Each operand is a range of planes ([n, channel], dw elements); a launch adds the samples image0… it was given, and where
// they are not its split's first, goes on from what is stored: split and unsplit tensors give the same bits.
// Dispatched by kernels/conv.ts; one thread per (split, o block, i block, ky), ky first.

const WG: u32 = 64;
const OB: u32 = 4;
const IB: u32 = 4;
const TW: u32 = 3;
const SX: u32 = 1;
const DX: u32 = 1;
const SPAN: u32 = 3;      // (TW-1)·DX + 1
const KEEP: u32 = 2;      // SPAN - SX, not below 0: pixels that stay from column to column
const FRESH: u32 = 1;     // SPAN - KEEP
const WARM: i32 = 2;      // ⌈KEEP/SX⌉ columns fill the window
const WINDOW: u32 = 12;   // IB·SPAN
const TILE: u32 = 48;     // OB·IB·TW
const REFLECT: bool = false;
const CONTINUES: bool = false;

struct Params {
  kernelHeight: u32, kernelWidth: u32,
  inBlocks: u32, groupBlocks: u32, blocks: u32,    // blocks of IB inputs; of OB outputs in a group and in all
  split0: u32, splits: u32,                        // of this launch
  segments: u32, segmentRows: u32, splitImages: u32, allImages: u32,
  image0: u32, images: u32,
  inputs: u32, outputs: u32,                       // channels of one group
  xChannels: u32, dyChannels: u32,
  height: u32, width: u32, top: i32, left: i32,
  strideY: u32, dilationY: u32,
  rows: u32, columns: u32,                         // of dy
  xStart: u32, xEnd: u32, xBase: u32,
  dyStart: u32, dyEnd: u32, dyBase: u32,
  outStart: u32, outEnd: u32, outBase: u32,        // elements
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

fn fold(i: i32, size: i32) -> i32 {
  if (!REFLECT) { return i; }
  let j = abs(i);
  return select(j, 2 * (size - 1) - j, j >= size);
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  var index = (group.y * groups.x + group.x) * WG + lane;
  let ky = index % params.kernelHeight;
  index /= params.kernelHeight;
  let i0 = index % params.inBlocks * IB;
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

  let xChannel = g * params.inputs + i0;
  let dyChannel = g * params.outputs + o0;
  let xPlane = n0 * params.xChannels + xChannel;
  let dyPlane = n0 * params.dyChannels + dyChannel;
  if (xPlane + IB <= params.xStart || xPlane >= params.xEnd || dyPlane + OB <= params.dyStart || dyPlane >= params.dyEnd) { return; }

  let kernelArea = params.kernelHeight * params.kernelWidth;
  var acc: array<f32, TILE>; // @registers
  if (CONTINUES && n0 > splitImage) {
    // @unroll
    for (var o = 0u; o < OB; o++) {
      // @unroll
      for (var i = 0u; i < IB; i++) {
        let at = ((split * params.dyChannels + dyChannel + o) * params.inputs + i0 + i) * kernelArea + ky * TW;
        if (at >= params.outStart && at < params.outEnd) {
          // @unroll
          for (var tx = 0u; tx < TW; tx++) {
            acc[o * IB * TW + i * TW + tx] = out[at + tx - params.outBase];
          }
        }
      }
    }
  }

  let height = i32(params.height);
  let width = i32(params.width);
  let columns = i32(params.columns);
  let left = params.left + i32(KEEP);
  for (var n = n0; n < n1; n++) {
    for (var row = row0; row < row1; row++) {
      let y = fold(i32(row * params.strideY + ky * params.dilationY) + params.top, height);
      if (y < 0 || y >= height) { continue; }
      var dyAt: array<u32, OB>; // @registers
      // @unroll
      for (var o = 0u; o < OB; o++) {
        let plane = clamp(n * params.dyChannels + dyChannel + o, params.dyStart, params.dyEnd - 1u);
        dyAt[o] = (plane * params.rows + row) * params.columns - params.dyBase;
      }
      var xAt: array<u32, IB>; // @registers
      var r: array<f32, WINDOW>; // @registers
      // @unroll
      for (var i = 0u; i < IB; i++) {
        let plane = clamp(n * params.xChannels + xChannel + i, params.xStart, params.xEnd - 1u);
        xAt[i] = (plane * params.height + u32(y)) * params.width - params.xBase;
      }
      for (var c = -WARM; c < columns; c++) {
        // @unroll
        for (var i = 0u; i < IB; i++) {
          // @unroll
          for (var s = 0u; s < KEEP; s++) {
            r[i * SPAN + s] = r[i * SPAN + s + SX];
          }
        }
        // @unroll
        for (var s = 0u; s < FRESH; s++) {
          let at = fold(c * i32(SX) + left + i32(s), width);
          let near = u32(clamp(at, 0, width - 1));
          let inside = u32(at) < u32(width);
          // @unroll
          for (var i = 0u; i < IB; i++) {
            r[i * SPAN + KEEP + s] = select(0.0, x[xAt[i] + near], inside);
          }
        }
        if (c < 0) { continue; }
        // @unroll
        for (var o = 0u; o < OB; o++) {
          let d = dy[dyAt[o] + u32(c)];
          // @unroll
          for (var i = 0u; i < IB; i++) {
            // @unroll
            for (var tx = 0u; tx < TW; tx++) {
              acc[o * IB * TW + i * TW + tx] += d * r[i * SPAN + tx * DX];
            }
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
      let hasInput = i0 + i < params.inputs && xPlane + i >= params.xStart && xPlane + i < params.xEnd;
      let at = ((split * params.dyChannels + dyChannel + o) * params.inputs + i0 + i) * kernelArea + ky * TW;
      if (hasOutput && hasInput && at >= params.outStart && at < params.outEnd) {
        // @unroll
        for (var tx = 0u; tx < TW; tx++) {
          out[at + tx - params.outBase] = acc[o * IB * TW + i * TW + tx];
        }
      }
    }
  }
}
