// First index of the maximum over a middle axis: out[o, i] = min { m : x[o, m, i] = peak[o, i] }.
//
// `peak` is the maximum over that axis, made before. `x` may be bound in parts: a launch looks at the m whose elements lie in
// [inStart, inEnd); an index found by an earlier launch stays. −1 only where nothing compares equal (NaN).
// One thread an output. Dispatched by kernels/reduce.ts for argmax.

const WG: u32 = 64;

struct Params {
  count: u32,
  inStart: u32,
  inEnd: u32,
  inBase: u32,
  middle: u32,
  inner: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> peak: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<i32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let t = (group.y * groups.x + group.x) * WG + lane;
  if (t >= params.count) { return; }
  let inner = params.inner;
  let origin = (t / inner) * params.middle * inner + t % inner;
  let first = select(0u, (params.inStart - min(params.inStart, origin) + inner - 1u) / inner, params.inStart > origin);
  let beyond = min(params.middle, select(0u, (params.inEnd - min(params.inEnd, origin) + inner - 1u) / inner, params.inEnd > origin));
  if (first >= beyond) { return; }
  if (first == 0u) { out[t] = -1; }
  if (out[t] >= 0) { return; }
  for (var m = first; m < beyond; m++) {
    if (x[origin + m * inner - params.inBase] == peak[t]) {
      out[t] = i32(m);
      return;
    }
  }
}
