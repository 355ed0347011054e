// Borders between instances: 1 where the id differs from that of a neighbour to the left, right, above or below, else 0.
// Both sides of a border are marked; the rim of the image alone makes no edge, nor does a diagonal. Ids are compared as
// integers: as f32 those above 2^24 would run together, as f16 those above 2048.
//
// ids, y [planes, height, width]. Dispatched by kernels/ids.ts, one thread a pixel.

const WG: u32 = 64;

struct Params {
  first: u32,      // first plane
  planes: u32,
  idsBase: u32,
  yBase: u32,
  height: u32, width: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let height = params.height;
  let width = params.width;
  if (index >= params.planes * height * width) { return; }
  let flat = params.first * height * width + index;
  let row = (flat / width) % height;
  let column = flat % width;
  let at = flat - params.idsBase;
  let id = ids[at];
  // A neighbour that does not exist is the pixel itself.
  let differs = ids[select(at, at - 1u, column > 0u)] != id
    || ids[select(at, at + 1u, column + 1u < width)] != id
    || ids[select(at, at - width, row > 0u)] != id
    || ids[select(at, at + width, row + 1u < height)] != id;
  y[flat - params.yBase] = select(0.0, 1.0, differs);
}
