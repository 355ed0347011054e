// The sum (or maximum) of a row in a tree that depends on its length alone: segments of SEGMENT elements, each as eight running sums:
// eight times less rounding than one, and independent additions. Up to SEGMENT segments are added up the same way.
// kernels/reduce.ts joins it to reduce-rows.wgsl and reduce-ends.wgsl; lines marked `@joined` stand for those here.
//
// A Value is a vec4 where rows are whole ones, for a quarter of the loads.

const SEGMENT: u32 = 256;
const WIDTH: u32 = 1;  // elements of a Value
const LANES: u32 = 8;  // running sums: eight elements
alias Value = f32;

fn value(i: u32, row: u32) -> Value { return Value(); } // @joined
fn join(a: Value, b: Value) -> Value { return a + b; }
fn joinOne(a: f32, b: f32) -> f32 { return a + b; }
fn along(v: Value) -> f32 { return v; }

// Of a row of `length` elements that begins with element `origin`.
fn segmentOf(row: u32, origin: u32, length: u32, segment: u32) -> f32 {
  let offset = segment * SEGMENT;
  let start = (origin + offset) / WIDTH;
  let end = start + min(SEGMENT, length - offset) / WIDTH;
  var lanes: array<Value, LANES>;
  for (var k = 0u; k < LANES; k++) { lanes[k] = value(min(start + k, end - 1u), row); }
  var i = start + LANES;
  for (; i + LANES <= end; i += LANES) {
    for (var k = 0u; k < LANES; k++) { lanes[k] = join(lanes[k], value(i + k, row)); }
  }
  for (var k = 0u; i + k < end; k++) { lanes[k] = join(lanes[k], value(i + k, row)); }
  let count = min(LANES, end - start);
  var total = lanes[0];
  for (var k = 1u; k < count; k++) { total = join(total, lanes[k]); }
  return along(total);
}

var<workgroup> sums: array<f32, SEGMENT>;

fn sumOfSegments(count: u32) -> f32 {
  var lanes: array<f32, 8>;
  for (var k = 0u; k < 8u; k++) { lanes[k] = sums[min(k, count - 1u)]; }
  for (var i = 8u; i < count; i++) { lanes[i % 8u] = joinOne(lanes[i % 8u], sums[i]); }
  var total = lanes[0];
  for (var k = 1u; k < min(8u, count); k++) { total = joinOne(total, lanes[k]); }
  return total;
}
