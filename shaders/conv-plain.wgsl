// The on-device reference of conv2d and convTranspose2d: one thread an output, nothing baked, no phases, no packing.
//
//   out[n, o, oy, ox] = bias[o] + Σ_i Σ_ky Σ_kx  x[n, i, iy, ix] · w[o, i, ky, kx]
//   iy = (oy·outStride + start + ky·tapStep) / inStride where that is whole and inside, likewise ix
//
// conv2d: outStride = stride, start = −padding, tapStep = dilation, inStride = 1;
// convTranspose2d: outStride = 1, start = padding, tapStep = −dilation, inStride = stride.
// Layouts are torch's: x [N, G·I, H, W], out [N, G·O, OH, OW], w [G·O, I, KH, KW] or [G·I, O, KH, KW] through `wOut`, `wIn`
// (in planes). Each operand is a range of planes; the launch that holds input channel 0 starts from the bias.
// Dispatched by kernels/conv.ts where the candidate `plain` is chosen.

const WG: u32 = 64;

struct Params {
  image0: u32, images: u32,
  inputs: u32, outputs: u32,          // channels of one group
  xChannels: u32, outChannels: u32,
  height: u32, width: u32,
  outHeight: u32, outWidth: u32,
  kernelHeight: u32, kernelWidth: u32,
  outStrideY: i32, outStrideX: i32,
  startY: i32, startX: i32,
  tapStepY: i32, tapStepX: i32,
  inStrideY: i32, inStrideX: i32,
  reflect: u32,
  wOut: u32, wIn: u32, wGroup: u32,
  xStart: u32, xEnd: u32, xBase: u32,
  wStart: u32, wEnd: u32, wBase: u32,
  outStart: u32, outEnd: u32, outBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

fn bias(channel: u32) -> f32 { return b[channel]; }

/// Input position of a tap along one axis, −1 where there is none.
fn position(shifted: i32, inStride: i32, size: i32) -> i32 {
  if (shifted % inStride != 0) { return -1; }
  var i = shifted / inStride;
  if (params.reflect != 0u) {
    i = abs(i);
    if (i >= size) { i = 2 * (size - 1) - i; }
  }
  return select(-1, i, i >= 0 && i < size);
}

fn taps(oy: i32, ox: i32, plane: u32, kernel: u32, start: f32) -> f32 {
  var sum = start;
  for (var ky = 0u; ky < params.kernelHeight; ky++) {
    let iy = position(oy + i32(ky) * params.tapStepY, params.inStrideY, i32(params.height));
    if (iy < 0) { continue; }
    for (var kx = 0u; kx < params.kernelWidth; kx++) {
      let ix = position(ox + i32(kx) * params.tapStepX, params.inStrideX, i32(params.width));
      if (ix < 0) { continue; }
      let at = (plane * params.height + u32(iy)) * params.width + u32(ix);
      sum += x[at - params.xBase] * w[(kernel * params.kernelHeight + ky) * params.kernelWidth + kx - params.wBase];
    }
  }
  return sum;
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let area = params.outHeight * params.outWidth;
  let at = params.outStart * area + (group.y * groups.x + group.x) * WG + lane;
  let outPlane = at / area;
  let n = outPlane / params.outChannels;
  if (outPlane >= params.outEnd || n < params.image0 || n >= params.image0 + params.images) { return; }
  let channel = outPlane % params.outChannels;
  let g = channel / params.outputs;
  let oy = i32(at % area / params.outWidth) * params.outStrideY + params.startY;
  let ox = i32(at % params.outWidth) * params.outStrideX + params.startX;
  var sum = 0.0;
  var any = false;
  for (var i = 0u; i < params.inputs; i++) {
    let plane = n * params.xChannels + g * params.inputs + i;
    let kernel = g * params.wGroup + channel % params.outputs * params.wOut + i * params.wIn;
    if (plane < params.xStart || plane >= params.xEnd || kernel < params.wStart || kernel >= params.wEnd) { continue; }
    if (i == 0u) {
      sum = bias(channel);
    } else if (!any) {
      sum = out[at - params.outBase];
    }
    any = true;
    sum = taps(oy, ox, plane, kernel, sum);
  }
  if (any) { out[at - params.outBase] = sum; }
}
