// As many multiply-adds as the adapter can do: CHAINS independent sums in registers, nothing loaded.

@group(0) @binding(0) var<storage, read_write> out: array<f32>;

const CHAINS: u32 = 12u;
// Written out in a row: a software adapter pays for every turn of a loop.
const ROW: u32 = 32u;
const LOOPS: u32 = 128u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let a = f32(id.x) * 1e-9 + 0.5;
  let b = f32(id.x) * 1e-9 + 0.25;
  var s: array<f32, CHAINS>; // @registers
  // @unroll
  for (var c = 0u; c < CHAINS; c++) {
    s[c] = a + f32(c);
  }
  for (var i = 0u; i < LOOPS; i++) {
    // @unroll
    for (var r = 0u; r < ROW; r++) {
      // @unroll
      for (var c = 0u; c < CHAINS; c++) {
        s[c] = s[c] * a + b;
      }
    }
  }
  var sum = 0.0;
  // @unroll
  for (var c = 0u; c < CHAINS; c++) {
    sum += s[c];
  }
  out[id.x] = sum;
}
