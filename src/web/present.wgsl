// Shows a picture on a canvas without reading it back: one triangle over the target, a sample of the picture a pixel.
//
//   rgb(p) = (x[·, at(p)] + 1) / 2,   at(p) bilinear between pixel centres where picture and target differ in size
//
// x is f32 [channels, padded height, padded width] in [−1, 1], of which width × height from the top left are the picture.
// One channel is grey, an even number ends in alpha; colours are multiplied by it, as canvases want them.
// Drawn by web/present.ts.

struct Params {
  channels: u32, padded: u32, area: u32,   // row length and plane size of x
  width: u32, height: u32,                 // of the picture
  scaleX: f32, scaleY: f32,                // picture pixels a target pixel
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;

@vertex
fn corner(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
  return vec4f(f32(i & 1u) * 4.0 - 1.0, f32(i >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

fn pixel(channel: u32, column: u32, row: u32) -> f32 {
  return x[channel * params.area + row * params.padded + column];
}

fn sample(channel: u32, at: vec2f) -> f32 {
  let most = vec2f(f32(params.width - 1u), f32(params.height - 1u));
  let place = clamp(at * vec2f(params.scaleX, params.scaleY) - 0.5, vec2f(0.0), most);
  let low = vec2u(place);
  let high = min(low + 1u, vec2u(most));
  let part = place - vec2f(low);
  let top = mix(pixel(channel, low.x, low.y), pixel(channel, high.x, low.y), part.x);
  let bottom = mix(pixel(channel, low.x, high.y), pixel(channel, high.x, high.y), part.x);
  return (mix(top, bottom, part.y) + 1.0) * 0.5;
}

@fragment
fn colour(@builtin(position) at: vec4f) -> @location(0) vec4f {
  let last = params.channels - 1u;
  let alpha = select(sample(last, at.xy), 1.0, (params.channels & 1u) == 1u);
  let grey = params.channels < 3u;
  let green = select(1u, 0u, grey);
  let blue = select(2u, 0u, grey);
  return vec4f(vec3f(sample(0u, at.xy), sample(green, at.xy), sample(blue, at.xy)) * alpha, alpha);
}
