// The on-device reference of convWeight: one thread an element of dw, nothing baked, no splits.
//
//   dw[o, i, ky, kx] = Σ_n Σ_y Σ_c  dy[n, o, y, c] · x[n, i, y·strideY + ky·dilationY + top, c·strideX + kx·dilationX + left]
//
// x [N, G·I, H, W], dy [N, G·O, OH, OW], dw [G·O, I, KH, KW]. x and dy are ranges of planes, dw of elements; the launch
// that holds sample 0 starts from zero, the others go on from what is stored.
// Dispatched by kernels/conv.ts where the candidate `plain` is chosen.

const WG: u32 = 64;

struct Params {
  kernelHeight: u32, kernelWidth: u32,
  image0: u32, images: u32,
  inputs: u32, outputs: u32,             // channels of one group
  xChannels: u32, dyChannels: u32,
  height: u32, width: u32, top: i32, left: i32,
  strideY: u32, strideX: u32, dilationY: u32, dilationX: u32,
  reflect: u32,
  rows: u32, columns: u32,               // of dy
  xStart: u32, xEnd: u32, xBase: u32,
  dyStart: u32, dyEnd: u32, dyBase: u32,
  outStart: u32, outEnd: u32, outBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

fn position(at: i32, size: i32) -> i32 {
  var i = at;
  if (params.reflect != 0u) {
    i = abs(i);
    if (i >= size) { i = 2 * (size - 1) - i; }
  }
  return select(-1, i, i >= 0 && i < size);
}

fn products(xPlane: u32, dyPlane: u32, ky: u32, kx: u32, start: f32) -> f32 {
  var sum = start;
  for (var row = 0u; row < params.rows; row++) {
    let y = position(i32(row * params.strideY + ky * params.dilationY) + params.top, i32(params.height));
    if (y < 0) { continue; }
    for (var column = 0u; column < params.columns; column++) {
      let at = position(i32(column * params.strideX + kx * params.dilationX) + params.left, i32(params.width));
      if (at < 0) { continue; }
      let xAt = (xPlane * params.height + u32(y)) * params.width + u32(at) - params.xBase;
      sum += dy[(dyPlane * params.rows + row) * params.columns + column - params.dyBase] * x[xAt];
    }
  }
  return sum;
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = params.outStart + (group.y * groups.x + group.x) * WG + lane;
  if (at >= params.outEnd) { return; }
  let kx = at % params.kernelWidth;
  let ky = at / params.kernelWidth % params.kernelHeight;
  let plane = at / (params.kernelWidth * params.kernelHeight);
  let o = plane / params.inputs;
  let i = o / params.outputs * params.inputs + plane % params.inputs;
  var sum = 0.0;
  var any = false;
  for (var n = params.image0; n < params.image0 + params.images; n++) {
    let xPlane = n * params.xChannels + i;
    let dyPlane = n * params.dyChannels + o;
    if (xPlane < params.xStart || xPlane >= params.xEnd || dyPlane < params.dyStart || dyPlane >= params.dyEnd) { continue; }
    if (!any && n > 0u) { sum = out[at - params.outBase]; }
    any = true;
    sum = products(xPlane, dyPlane, ky, kx, sum);
  }
  if (any) { out[at - params.outBase] = sum; }
}
