// Four pixels of x where taps of a convolution meet outputs: mirrored, or 0, where they lie outside.
// kernels/conv-tiles.ts joins it to conv-tiles.wgsl and conv-weight-tiles.wgsl; lines marked `@joined` stand for those here.

const REFLECT: bool = false;

struct Params { height: u32, width: u32, xBase: u32 }; // @joined
@group(0) @binding(0) var<uniform> params: Params; // @joined
fn fetch(at: u32) -> f32 { return 0.0; } // @joined

fn fold(i: vec4i, size: i32) -> vec4i {
  if (!REFLECT) { return i; }
  let j = abs(i);
  return select(j, 2 * (size - 1) - j, j >= vec4i(size));
}

// Of planes counted in the whole tensor; all zero where there is no such k.
fn gather(any: bool, plane: vec4u, row: vec4i, column: vec4i) -> vec4f {
  let size = vec2i(vec2u(params.height, params.width));
  let y = fold(row, size.x);
  let i = fold(column, size.y);
  let inside = (y >= vec4i()) & (y < vec4i(size.x)) & (i >= vec4i()) & (i < vec4i(size.y));
  let line = plane * params.height + vec4u(clamp(y, vec4i(), vec4i(size.x - 1)));
  let at = line * params.width + vec4u(clamp(i, vec4i(), vec4i(size.y - 1))) - vec4u(params.xBase);
  return select(vec4f(), vec4f(fetch(at.x), fetch(at.y), fetch(at.z), fetch(at.w)), inside & vec4<bool>(any));
}
