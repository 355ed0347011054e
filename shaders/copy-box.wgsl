// Copies a box between two tensors of any rank: out[o0 + Σ j_d·outStride_d] = x[x0 + Σ j_d·inStride_d] for all j inside `sizes`.
//
// Either tensor may be bound in parts: an element is copied by the launch that holds both its ends.
// Layout: row-major, axis 0 of the table is the innermost. A thread owns TILE elements of a row, which
// share the division of the index.
// Dispatched by kernels/shape.ts for slice, concat and the gradients of both.

const WG: u32 = 64;
const TILE: u32 = 8;

struct Params {
  rows: u32,               // of the box, along axis 0
  step: u32,               // ⌈size of axis 0 / TILE⌉
  rank: u32,
  x0: u32, xBase: u32, xStart: u32, xEnd: u32,
  out0: u32, outBase: u32, outStart: u32, outEnd: u32,
  axes: array<vec4u, 8>,   // size, stride in x, stride in out
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  var rest = index / params.step;
  if (rest >= params.rows) { return; }
  let j0 = index % params.step;
  let row = params.axes[0];
  var source = params.x0 + j0 * row.y;
  var place = params.out0 + j0 * row.z;
  for (var d = 1u; d < params.rank; d++) {
    let axis = params.axes[d];
    let j = rest % axis.x;
    rest /= axis.x;
    source += j * axis.y;
    place += j * axis.z;
  }
  for (var j = j0; j < row.x; j += params.step) {
    if (source >= params.xStart && source < params.xEnd && place >= params.outStart && place < params.outEnd) {
      out[place - params.outBase] = x[source - params.xBase];
    }
    source += params.step * row.y;
    place += params.step * row.z;
  }
}
