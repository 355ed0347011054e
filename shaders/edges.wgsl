// Borders between instances: 1 where border.wgsl finds one, else 0.
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

fn idOf(at: u32) -> i32 { return ids[at]; }
fn isBorder(at: u32, row: u32, column: u32) -> bool { return false; } // @joined

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let height = params.height;
  let width = params.width;
  if (index >= params.planes * height * width) { return; }
  let flat = params.first * height * width + index;
  y[flat - params.yBase] = f32(isBorder(flat - params.idsBase, (flat / width) % height, flat % width));
}
