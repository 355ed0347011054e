// One-hot planes: y[n, c, p] = 1 where ids[n, p] = c, else 0. Ids outside 0 … classes − 1 give zeros.
//
// ids [samples, area] → y [samples, classes, area]. Dispatched by kernels/ids.ts, one thread an element of y, or, where planes are whole
// vec4, four: `area` counts those then.

const WG: u32 = 64;
const LANES: u32 = 4;
alias Ids = vec4i;
alias Value = vec4f;

struct Params {
  first: u32,      // first plane of y
  planes: u32,
  idsBase: u32,
  yBase: u32,
  classes: u32,
  area: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> ids: array<Ids>;
@group(0) @binding(2) var<storage, read_write> y: array<Value>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let area = params.area;
  if (index >= params.planes * area) { return; }
  let flat = params.first * area + index;
  let plane = flat / area;
  let sample = plane / params.classes;
  let id = ids[sample * area + flat % area - params.idsBase / LANES];
  y[flat - params.yBase / LANES] = select(Value(0.0), Value(1.0), id == Ids(i32(plane % params.classes)));
}
