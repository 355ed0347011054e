// Winograd F(4×4, 3×3) backwards, the end: every tile's sums become 6×6 pixels B·m·Bᵀ, and those of tiles that overlap are added:
//
//   out[n, i, y, x] = bias[i] + Σ_tiles (B·m·Bᵀ)[y − 4·ty − top, x − 4·tx − left],  m[r] = sums[n, i, r, t]
//
// sums [N, I, 36, 4·quads] as winograd-multiply-adjoint.wgsl leaves them; out [N, I, H, W]. Both are ranges of planes [n, i].
// Dispatched by kernels/winograd-adjoint.ts; a thread owns the first four rows of a row of tiles, where the last two of the row above lie
// too, and goes along it with the last two columns of each tile at hand: so a tile is loaded twice, not four times.
// Conditions are joined by `&`: `&&` branches, and of sixteen such branches in a loop SwiftShader's compiler comes to no end.

const WG: u32 = 64;

struct Params {
  first: u32, planes: u32,       // of this launch
  channels: u32,
  height: i32, width: i32,       // of out
  tilesX: u32, tilesY: u32,
  row: u32,                      // 4·quads
  top: i32, left: i32,           // of the first tile's pixels
  sumsBase: u32, outBase: u32,
};
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

fn bias(channel: u32) -> f32 { return b[channel]; }

fn emit(value: f32, i: u32) -> f32 { return value; }

// The first four pixels of a line, and the fifth, from its six numbers. The sixth pixel is the sixth number.
fn inner(m0: f32, m1: f32, m2: f32, m3: f32, m4: f32, m5: f32) -> vec4f {
  return vec4f(
    4.0 * m0,
    4.0 * (m2 - m1 + m5) + 2.0 * (m4 - m3),
    -5.0 * m0 - 4.0 * (m1 + m2) - (m3 + m4),
    m1 - m2 + 2.0 * (m3 - m4) - 5.0 * m5,
  );
}

fn fifth(m0: f32, m1: f32, m2: f32, m3: f32, m4: f32) -> f32 { return m0 + (m1 + m2) + (m3 + m4); }

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WG + lane;
  let lines = params.tilesY + 1u;
  let plane = params.first + index / lines;
  let ty = index % lines;
  if (plane >= params.first + params.planes) { return; }
  let row = params.row;
  let start = plane * 36u * row - params.sumsBase;
  let here = start + min(ty, params.tilesY - 1u) * params.tilesX;
  let above = start + (max(ty, 1u) - 1u) * params.tilesX;
  let plain = bias(plane % params.channels);
  let y0 = i32(ty * 4u) + params.top;
  let line0 = i32(plane) * params.height * params.width;

  var before: array<vec2f, 4>; // @registers
  for (var tx = 0u; tx <= params.tilesX; tx++) {
    let lower = (ty < params.tilesY) & (tx < params.tilesX);
    let upper = (ty > 0u) & (tx < params.tilesX);
    let tile = min(tx, params.tilesX - 1u);
    var e: array<vec4f, 6>; // @registers
    // @unroll
    for (var j = 0u; j < 6u; j++) {
      var m: array<f32, 6>; // @registers
      var a: array<f32, 6>; // @registers
      // @unroll
      for (var i = 0u; i < 6u; i++) {
        m[i] = select(0.0, sums[here + tile + (i * 6u + j) * row], lower);
        a[i] = select(0.0, sums[above + tile + (i * 6u + j) * row], upper);
      }
      e[j] = inner(m[0], m[1], m[2], m[3], m[4], m[5]) + vec4f(fifth(a[0], a[1], a[2], a[3], a[4]), a[5], 0.0, 0.0);
    }
    let x0 = i32(tx * 4u) + params.left;
    // @unroll
    for (var i = 0u; i < 4u; i++) {
      let pixels = inner(e[0][i], e[1][i], e[2][i], e[3][i], e[4][i], e[5][i]) + vec4f(before[i], 0.0, 0.0);
      before[i] = vec2f(fifth(e[0][i], e[1][i], e[2][i], e[3][i], e[4][i]), e[5][i]);
      let y = y0 + i32(i);
      let inside = (y >= 0) & (y < params.height);
      // @unroll
      for (var j = 0u; j < 4u; j++) {
        let x = x0 + i32(j);
        if (inside & (x >= 0) & (x < params.width)) {
          let at = u32(line0 + y * params.width + x);
          out[at - params.outBase] = emit(pixels[j] + plain, at);
        }
      }
    }
  }
}
