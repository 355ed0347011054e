// Gradient of an instance norm, stage 2 of 3: the lanes' sums, added in order, become the means of dy and dy·x̂.
//
// partial [planes, lanes, 2] → means [planes, 2]. Dispatched by kernels/norm.ts, one thread a plane.

const WG: u32 = 64;

struct Params {
  first: u32,      // first plane
  planes: u32,
  area: u32,
  lanes: u32,
  partialBase: u32,
  meansBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> means: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  if (index >= params.planes) { return; }
  let plane = params.first + index;
  let lanes = params.lanes;
  let at = plane * lanes * 2u - params.partialBase;
  var sum = 0.0;
  var sumUnit = 0.0;
  for (var s = 0u; s < lanes; s++) {
    sum += partial[at + 2u * s];
    sumUnit += partial[at + 2u * s + 1u];
  }
  let to = plane * 2u - params.meansBase;
  means[to] = sum / f32(params.area);
  means[to + 1u] = sumUnit / f32(params.area);
}
