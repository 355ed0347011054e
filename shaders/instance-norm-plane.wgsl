// Instance norm of whole planes in one dispatch, a workgroup a plane: y = (x − mean)·(1/σ), 1/σ = 1/√(M2/area + eps).
//
// A plane of `items` Values (vec4 where its area is a multiple of 4, else f32) is dealt to WG threads like cards. A thread
// takes BLOCK of them at a time into registers, finds their mean and M2 there, and merges them into its own as
// instance-norm-statistics.wgsl does, each component by itself; then it merges the components. Every thread merges the WG
// results, which pass through workgroup memory: one barrier a plane, since barriers dominate on CPU adapters. The order of
// the sums is the same on every device. Both loops touch the thread's own elements alone, so y may be x.
//
// 64 planes of 64×64, two cores: lavapipe 0.36 ms (instance-norm-statistics, -merge and .wgsl 0.87), SwiftShader 2.4 (4.3).
//
// x, y [planes, area]; statistics [planes, 2] (mean, 1/σ), which the gradient needs. Dispatched by kernels/norm-plane.ts.

const WG: u32 = 8;
const BLOCK: u32 = 8;
alias Value = vec4f;
const WIDTH: u32 = 4;

struct Params {
  first: u32,      // first plane
  planes: u32,
  area: u32,
  items: u32,      // area / WIDTH
  eps: f32,
  xBase: u32,      // Values
  yBase: u32,
  statisticsBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read_write> y: array<Value>;
@group(0) @binding(3) var<storage, read_write> statistics: array<f32>;

var<workgroup> found: array<vec2f, WG>; // mean and M2 of every thread

fn emit(value: Value, i: u32) -> Value { return value; }
fn added(v: Value) -> f32 { return (v.x + v.y) + (v.z + v.w); }
// Values of a thread.
fn held(thread: u32) -> u32 { return (params.items + WG - 1u - thread) / WG; }

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let index = group.y * groups.x + group.x;
  if (index >= params.planes) { return; }
  let plane = params.first + index;
  let count = held(thread);
  let xAt = plane * params.items + thread - params.xBase;

  var means = Value();
  var m2s = Value();
  var n = 0.0;
  var at = xAt;
  for (var block = 0u; block < count / BLOCK; block++) {
    var v: array<Value, BLOCK>; // @registers
    var total = Value();
    // @unroll
    for (var k = 0u; k < BLOCK; k++) {
      v[k] = x[at + k * WG];
      total += v[k];
    }
    let blockMeans = total / f32(BLOCK);
    var blockM2s = Value();
    // @unroll
    for (var k = 0u; k < BLOCK; k++) {
      blockM2s += (v[k] - blockMeans) * (v[k] - blockMeans);
    }
    let delta = blockMeans - means;
    let share = f32(BLOCK) / (n + f32(BLOCK));
    means += delta * share;
    m2s += blockM2s + delta * delta * (n * share);
    n += f32(BLOCK);
    at += BLOCK * WG;
  }
  for (var k = 0u; k < count % BLOCK; k++) {
    let delta = x[at + k * WG] - means;
    let share = 1.0 / (n + 1.0);
    means += delta * share;
    m2s += delta * delta * (n * share);
    n += 1.0;
  }
  let own = added(means) / f32(WIDTH);
  let apart = means - own;
  found[thread] = vec2f(own, added(m2s) + n * added(apart * apart));
  workgroupBarrier();

  var parts: array<vec2f, WG>; // @registers
  var shift = 0.0;
  // @unroll
  for (var t = 0u; t < WG; t++) {
    parts[t] = found[t];
    shift += f32(held(t) * WIDTH) * (parts[t].x - parts[0].x);
  }
  let mean = parts[0].x + shift / f32(params.area);
  var m2 = 0.0;
  // @unroll
  for (var t = 0u; t < WG; t++) {
    let delta = parts[t].x - mean;
    m2 += parts[t].y + f32(held(t) * WIDTH) * (delta * delta);
  }
  let inverse = 1.0 / sqrt(m2 / f32(params.area) + params.eps);
  if (thread == 0u) {
    statistics[plane * 2u - params.statisticsBase] = mean;
    statistics[plane * 2u + 1u - params.statisticsBase] = inverse;
  }

  let first = plane * params.items + thread;
  for (var k = 0u; k < count; k++) {
    let i = first + k * WG;
    y[i - params.yBase] = emit((x[i - params.xBase] - mean) * inverse, i);
  }
}
