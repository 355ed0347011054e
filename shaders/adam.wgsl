// One step of Adam (torch's form):
//   m ← β1·m + (1 − β1)·g,   v ← β2·v + (1 − β2)·g²,   w ← w − (lr / correction1)·m / (√(v / correction2) + eps)
// with correctionₖ = 1 − βₖᵗ, which the host computes in double: 1 − pow(β, t) is off by 1e-4 on a device. The complements
// 1 − β are the host's for the same reason.
//
// w, g, m, v and the results alike in size; scalars [5] = lr, correction1, correction2, skip: where that
// is not 0 all stays as it is, unscale: what g is multiplied by. Each result may be its operand's
// memory. Dispatched by kernels/adam.ts, TILE Values a thread, WG apart: vec4 where whole ones fill the tensor. Its eight bindings are
// all that every device offers.

const WG: u32 = 64;
const TILE: u32 = 16;
alias Value = vec4f;

struct Params {
  first: u32,  // first Value to compute, in the bindings
  count: u32,
  beta1: f32,
  beta2: f32,
  rest1: f32,  // 1 − beta1
  rest2: f32,
  eps: f32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<Value>;
@group(0) @binding(2) var<storage, read> g: array<Value>;
@group(0) @binding(3) var<storage, read> m: array<Value>;
@group(0) @binding(4) var<storage, read> v: array<Value>;
@group(0) @binding(5) var<storage, read> scalars: array<f32>;
@group(0) @binding(6) var<storage, read_write> nextW: array<Value>;
@group(0) @binding(7) var<storage, read_write> nextM: array<Value>;
@group(0) @binding(8) var<storage, read_write> nextV: array<Value>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = (group.y * groups.x + group.x) * WG * TILE + lane;
  let step = scalars[0] / scalars[1];
  let correction = scalars[2];
  let skip = scalars[3] != 0.0;
  let unscale = scalars[4];
  for (var k = 0u; k < TILE; k++) {
    let index = first + k * WG;
    if (index >= params.count) { return; }
    let i = params.first + index;
    if (skip) {
      nextW[i] = w[i];
      nextM[i] = m[i];
      nextV[i] = v[i];
      continue;
    }
    let gradient = g[i] * unscale;
    let mean = params.beta1 * m[i] + params.rest1 * gradient;
    let square = params.beta2 * v[i] + params.rest2 * gradient * gradient;
    nextW[i] = w[i] - step * (mean / (sqrt(square / correction) + params.eps));
    nextM[i] = mean;
    nextV[i] = square;
  }
}
