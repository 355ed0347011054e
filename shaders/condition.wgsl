// What a generator sees of maps: one-hot planes of labels, and the borders between instances as a plane of 0 and 1.
//
//   y[c, p] = 1 where labels[p] = c, for c < classes;  y[edges, p] = 1 at borders of ids (border.wgsl)
//
// labels, ids [height, width] → y [channels, height, width], of which the planes from `first` on are bound; others than these
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
@group(0) @binding(2) var<storage, read> ids: array<i32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

fn idOf(at: u32) -> i32 { return ids[at]; }
fn isBorder(at: u32, row: u32, column: u32) -> bool { return false; } // @joined

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (group.y * groups.x + group.x) * WG + lane;
  let width = params.width;
  let area = params.height * width;
  if (at >= area) { return; }
  let label = u32(labels[at]);
  let border = isBorder(at, at / width, at % width);
  for (var plane = params.first; plane < params.first + params.planes; plane++) {
    let here = plane * area + at - params.yBase;
    if (plane < params.classes) { y[here] = f32(plane == label); }
    if (plane == params.edges) { y[here] = f32(border); }
  }
}
