// Whether a pixel lies at a border between instances: its id differs from that of a neighbour to the left, right, above or below.
// Both sides of a border are marked; the rim of the image alone makes no edge, nor does a diagonal. Ids are compared as
// integers: as f32 those above 2^24 would run together, as f16 those above 2048.
// kernels/ids.ts joins it to edges.wgsl, kernels/condition.ts to condition.wgsl; lines marked `@joined` stand for those here.

struct Params { height: u32, width: u32 }; // @joined
@group(0) @binding(0) var<uniform> params: Params; // @joined
fn idOf(at: u32) -> i32 { return 0; } // @joined

fn isBorder(at: u32, row: u32, column: u32) -> bool {
  let height = params.height;
  let width = params.width;
  let id = idOf(at);
  // A neighbour that does not exist is the pixel itself.
  return idOf(select(at, at - 1u, column > 0u)) != id
    || idOf(select(at, at + 1u, column + 1u < width)) != id
    || idOf(select(at, at - width, row > 0u)) != id
    || idOf(select(at, at + width, row + 1u < height)) != id;
}
