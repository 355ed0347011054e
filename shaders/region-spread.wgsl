// Region mean, stage 3 of 3: every pixel takes the mean of its region.
//
// means [planes, count], regions [samples, area] → y [planes, area]. Dispatched by kernels/ids.ts, one thread a pixel.

const WG: u32 = 64;

struct Params {
  first: u32,      // first plane
  planes: u32,
  channels: u32,
  area: u32,
  count: u32,      // regions
  meansBase: u32,
  regionsBase: u32,
  yBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> means: array<f32>;
@group(0) @binding(2) var<storage, read> regions: array<i32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let area = params.area;
  if (index >= params.planes * area) { return; }
  let flat = params.first * area + index;
  let plane = flat / area;
  let region = regions[(plane / params.channels) * area + flat % area - params.regionsBase];
  y[flat - params.yBase] = means[plane * params.count + u32(region) - params.meansBase];
}
