// Region mean, stage 1 of 3: the sum of every segment of a region, its pixels one after another.
//
// The table of a sample, made on the host (graph/ops/region.ts), holds three lists one after another:
//   pixels   [area]         the pixels of region 0, then those of region 1, …, each in raster order
//   segments [segments, 2]  begin and end, in `pixels`, of runs of at most 256 pixels of one region; unused ones are empty
//   regions  [count, 3]     first segment, the one behind its last, number of pixels
// Short segments keep the threads equally busy whether an image is one region or thousands.
//
// x [planes, area], table [samples, tableLength] → sums [planes, segments]. Dispatched by kernels/ids.ts, one thread a sum.

const WG: u32 = 64;

struct Params {
  first: u32,      // first plane
  planes: u32,
  channels: u32,
  area: u32,
  segments: u32,
  xBase: u32,
  sumsBase: u32,
  tableBase: u32,
  tableLength: u32,  // entries per sample
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> table: array<i32>;
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let segments = params.segments;
  if (index >= params.planes * segments) { return; }
  let flat = params.first * segments + index;
  let plane = flat / segments;
  let pixels = (plane / params.channels) * params.tableLength - params.tableBase;
  let segment = pixels + params.area + 2u * (flat % segments);
  let begin = pixels + u32(table[segment]);
  let end = pixels + u32(table[segment + 1u]);
  let at = plane * params.area - params.xBase;
  var sum = 0.0;
  for (var k = begin; k < end; k++) {
    sum += x[at + u32(table[k])];
  }
  sums[flat - params.sumsBase] = sum;
}
