// Region mean, stage 2 of 3: the sums of a region's segments, added in order, over its number of pixels; 0 without pixels.
//
// The table of a sample, made on the host (graph/ops/region.ts), holds three lists one after another:
//   pixels   [area]         the pixels of region 0, then those of region 1, …, each in raster order
//   segments [segments, 2]  begin and end, in `pixels`, of runs of at most 256 pixels of one region; unused ones are empty
//   regions  [count, 3]     first segment, the one behind its last, number of pixels
//
// sums [planes, segments], table [samples, tableLength] → means [planes, count]. Dispatched by kernels/ids.ts, one thread a mean.

const WG: u32 = 64;

struct Params {
  first: u32,      // first plane
  planes: u32,
  channels: u32,
  segments: u32,
  count: u32,      // regions
  regionsAt: u32,  // of the list of regions in a sample's table
  sumsBase: u32,
  meansBase: u32,
  tableBase: u32,
  tableLength: u32,  // entries per sample
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read> table: array<i32>;
@group(0) @binding(3) var<storage, read_write> means: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let count = params.count;
  if (index >= params.planes * count) { return; }
  let flat = params.first * count + index;
  let plane = flat / count;
  let region = (plane / params.channels) * params.tableLength + params.regionsAt + 3u * (flat % count) - params.tableBase;
  let at = plane * params.segments - params.sumsBase;
  let begin = at + u32(table[region]);
  let end = at + u32(table[region + 1u]);
  var sum = 0.0;
  for (var k = begin; k < end; k++) {
    sum += sums[k];
  }
  means[flat - params.meansBase] = sum / f32(max(table[region + 2u], 1));
}
