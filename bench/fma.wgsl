// As many multiply-adds as the adapter can do: CHAINS independent sums in registers, nothing loaded.

@group(0) @binding(0) var<storage, read_write> out: array<f32>;

const ROUNDS = 4096u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let a = f32(id.x) * 1e-9 + 0.5;
  let b = f32(id.x) * 1e-9 + 0.25;
  var s0 = a; var s1 = a + 1; var s2 = a + 2; var s3 = a + 3; var s4 = a + 4; var s5 = a + 5;
  var s6 = a + 6; var s7 = a + 7; var s8 = a + 8; var s9 = a + 9; var s10 = a + 10; var s11 = a + 11;
  for (var i = 0u; i < ROUNDS; i++) {
    s0 = s0 * a + b; s1 = s1 * a + b; s2 = s2 * a + b; s3 = s3 * a + b; s4 = s4 * a + b; s5 = s5 * a + b;
    s6 = s6 * a + b; s7 = s7 * a + b; s8 = s8 * a + b; s9 = s9 * a + b; s10 = s10 * a + b; s11 = s11 * a + b;
  }
  out[id.x] = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11;
}
