// Gradient of an instance norm over whole planes in one dispatch, a workgroup a plane:
//
//   dx = (1/σ)·(dy − mean(dy) − x̂·mean(dy·x̂)),  x̂ = (x − mean)/σ
//
// A plane of `items` Values is dealt to WG threads as in instance-norm-plane.wgsl. A thread sums in blocks of BLOCK, each
// component by itself; the threads' sums pass through workgroup memory, with one barrier a plane. Both loops touch the
// thread's own elements alone, so dx may be dy or x.
//
// 64 planes of 64×64, two cores: lavapipe 0.7 ms (instance-norm-grad-sums, -merge and instance-norm-grad.wgsl 1.5).
//
// dy, x, dx [planes, area]; statistics [planes, 2] (mean, 1/σ) of the forward pass. Dispatched by kernels/norm-plane.ts.

const WG: u32 = 8;
const BLOCK: u32 = 8;
alias Value = vec4f;

struct Params {
  first: u32,      // first plane
  planes: u32,
  area: u32,
  items: u32,      // Values of a plane
  dyBase: u32,     // Values
  xBase: u32,
  dxBase: u32,
  statisticsBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<Value>;
@group(0) @binding(2) var<storage, read> x: array<Value>;
@group(0) @binding(3) var<storage, read> statistics: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<Value>;

var<workgroup> found: array<vec2f, WG>; // Σ dy and Σ dy·x̂ of every thread

// dy; `known` is x̂ at the same place.
fn load(i: u32, known: Value) -> Value { return dy[i - params.dyBase]; }
fn added(v: Value) -> f32 { return (v.x + v.y) + (v.z + v.w); }

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let index = group.y * groups.x + group.x;
  if (index >= params.planes) { return; }
  let plane = params.first + index;
  let count = (params.items + WG - 1u - thread) / WG;
  let mean = statistics[plane * 2u - params.statisticsBase];
  let inverse = statistics[plane * 2u + 1u - params.statisticsBase];
  let at = plane * params.items + thread;
  let xAt = at - params.xBase;

  var sums = Value();
  var unitSums = Value();
  for (var start = 0u; start < count; start += BLOCK) {
    let end = min(count, start + BLOCK);
    var blockSums = Value();
    var blockUnits = Value();
    for (var k = start; k < end; k++) {
      let unit = (x[xAt + k * WG] - mean) * inverse;
      let g = load(at + k * WG, unit);
      blockSums += g;
      blockUnits += g * unit;
    }
    sums += blockSums;
    unitSums += blockUnits;
  }
  found[thread] = vec2f(added(sums), added(unitSums));
  workgroupBarrier();

  var total = vec2f();
  // @unroll
  for (var t = 0u; t < WG; t++) {
    total += found[t];
  }
  let means = total / f32(params.area);
  let dxAt = at - params.dxBase;
  for (var k = 0u; k < count; k++) {
    let i = k * WG;
    let unit = (x[xAt + i] - mean) * inverse;
    dx[dxAt + i] = inverse * (load(at + i, unit) - means.x - unit * means.y);
  }
}
