// What a generator sees of maps: one-hot planes of labels, and the borders between instances as a plane of 0 and 1.
//
//   y[c, p] = 1 where labels[p] = c, for c < classes;  y[edges, p] = 1 where instances[p] differs from that of a neighbour (edges.wgsl)
//
// labels, instances [height, width] → y [channels, height, width], of which the planes from `first` on are bound; others than these
// are fed. Dispatched by kernels/condition.ts, one thread a pixel.

const WG: u32 = 64;

struct Params {
  first: u32, planes: u32,
  yBase: u32,
  classes: u32,
  edges: u32,              // beyond all planes: no borders
  height: u32, width: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read> instances: array<i32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (group.y * groups.x + group.x) * WG + lane;
  let height = params.height;
  let width = params.width;
  if (at >= height * width) { return; }
  let row = at / width;
  let column = at % width;
  let label = u32(labels[at]);
  let id = instances[at];
  // A neighbour that does not exist is the pixel itself.
  let differs = instances[select(at, at - 1u, column > 0u)] != id
    || instances[select(at, at + 1u, column + 1u < width)] != id
    || instances[select(at, at - width, row > 0u)] != id
    || instances[select(at, at + width, row + 1u < height)] != id;
  for (var plane = params.first; plane < params.first + params.planes; plane++) {
    let here = plane * height * width + at - params.yBase;
    if (plane < params.classes) { y[here] = f32(plane == label); }
    if (plane == params.edges) { y[here] = f32(differs); }
  }
}
