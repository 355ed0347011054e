// A product of matrices, C[m, n] = Σ_k A[m, k]·B[k, n], a tile of it by each workgroup: what a GPU with fast workgroup memory wants.
//
// What A, B and C are tells the file of a role (conv-tiles.wgsl, conv-weight-tiles.wgsl) that kernels/conv-tiles.ts joins to this
// one; lines marked `@joined` stand for it here and are dropped then:
//
//   tileOf(workgroup)      which tile, and its range k0 … k1 of the sum, empty where there is nothing to do
//   left(tile, step, q)    A[4·q … 4·q + 3, k], 0 beyond the last k; stepOf(tile, k) is what has to be known about a k
//   right(tile, step, site)  B[k, 4·q … 4·q + 3], likewise; siteOf(tile, q) is what has to be known about four columns to load
//   start, store           what four sums of a row begin with, and where they go; spotOf(tile, q) tells where columns are stored
//
// DEPTH values of k at a time lie in workgroup memory, twice: while threads add one half up they load the other one's values. A
// thread owns 4·OWN_ROWS × 4·OWN_COLUMNS sums: of 64 × 64 in 16 × 16 threads, two loads of a vec4 for 16 multiply-adds.

const WG: u32 = 256;
const DEPTH: u32 = 16;
const ROW_QUADS: u32 = 16;      // of a workgroup's tile: rows / 4, columns / 4
const COLUMN_QUADS: u32 = 16;
const OWN_ROWS: u32 = 1;        // vec4 of rows and of columns that a thread owns
const OWN_COLUMNS: u32 = 1;
const LEFT_LOADS: u32 = 1;      // DEPTH·ROW_QUADS / WG
const RIGHT_LOADS: u32 = 1;     // DEPTH·COLUMN_QUADS / WG
const SUMS: u32 = 4;            // 4·OWN_ROWS·OWN_COLUMNS
const ALONG_K: bool = false;    // neighbouring lanes load neighbouring k rather than neighbouring columns
const ROLLED: bool = false;     // keeps a software adapter from writing the inner loop out, which it compiles three times as long
const LEFTS = DEPTH * ROW_QUADS;
const RIGHTS = DEPTH * COLUMN_QUADS;

struct Tile { k0: u32, k1: u32 } // @joined
struct Step { k: u32 } // @joined
struct Site { quad: u32 } // @joined
struct Spot { quad: u32 } // @joined
fn tileOf(workgroup: u32) -> Tile { return Tile(0u, 0u); } // @joined
fn stepOf(tile: Tile, k: u32) -> Step { return Step(k); } // @joined
fn siteOf(tile: Tile, quad: u32) -> Site { return Site(quad); } // @joined
fn left(tile: Tile, step: Step, quad: u32) -> vec4f { return vec4f(); } // @joined
fn right(tile: Tile, step: Step, site: Site) -> vec4f { return vec4f(); } // @joined
fn spotOf(tile: Tile, quad: u32) -> Spot { return Spot(quad); } // @joined
fn start(tile: Tile, row: u32, spot: Spot) -> vec4f { return vec4f(); } // @joined
fn store(tile: Tile, row: u32, spot: Spot, value: vec4f) { } // @joined

var<workgroup> lefts: array<vec4f, 2 * LEFTS>;
var<workgroup> rights: array<vec4f, 2 * RIGHTS>;

// The k (within DEPTH) and the vec4 that load number `index` of a workgroup is about.
fn depthOf(index: u32, quads: u32) -> u32 { return select(index / quads, index % DEPTH, ALONG_K); }
fn quadOf(index: u32, quads: u32) -> u32 { return select(index % quads, index / DEPTH, ALONG_K); }

// Its place in workgroup memory. Lanes that go along k would all write to the same banks, were rows not turned.
fn placeOf(k: u32, quad: u32, quads: u32) -> u32 { return k * quads + (quad ^ (k % quads)); }

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tile = tileOf(group.y * groups.x + group.x);
  if (tile.k0 >= tile.k1) { return; }
  let columns = COLUMN_QUADS / OWN_COLUMNS;
  let rows = ROW_QUADS / OWN_ROWS;
  let column0 = lane % columns;
  let row0 = lane / columns;

  var spots: array<Spot, OWN_COLUMNS>; // @registers
  // @unroll
  for (var n = 0u; n < OWN_COLUMNS; n++) {
    spots[n] = spotOf(tile, column0 + n * columns);
  }
  var acc: array<vec4f, SUMS>; // @registers
  // @unroll
  for (var m = 0u; m < OWN_ROWS; m++) {
    // @unroll
    for (var c = 0u; c < 4u; c++) {
      // @unroll
      for (var n = 0u; n < OWN_COLUMNS; n++) {
        acc[m * 4u * OWN_COLUMNS + c * OWN_COLUMNS + n] = start(tile, (row0 + m * rows) * 4u + c, spots[n]);
      }
    }
  }
  var sites: array<Site, RIGHT_LOADS>; // @registers
  // @unroll
  for (var j = 0u; j < RIGHT_LOADS; j++) {
    sites[j] = siteOf(tile, quadOf(j * WG + lane, COLUMN_QUADS));
  }

  var nextLeft: array<vec4f, LEFT_LOADS>; // @registers
  var nextRight: array<vec4f, RIGHT_LOADS>; // @registers
  // Never less than DEPTH, but no compiler can tell.
  let depth = select(DEPTH, min(DEPTH, tile.k1 + DEPTH), ROLLED);
  var half = 1u;
  // Loads are a turn ahead of sums: the first turn only loads, the last only sums.
  for (var k = tile.k0; k < tile.k1 + DEPTH; k += DEPTH) {
    if (k < tile.k1) {
      // @unroll
      for (var j = 0u; j < LEFT_LOADS; j++) {
        let index = j * WG + lane;
        nextLeft[j] = left(tile, stepOf(tile, k + depthOf(index, ROW_QUADS)), quadOf(index, ROW_QUADS));
      }
      // @unroll
      for (var j = 0u; j < RIGHT_LOADS; j++) {
        nextRight[j] = right(tile, stepOf(tile, k + depthOf(j * WG + lane, COLUMN_QUADS)), sites[j]);
      }
    }
    if (k > tile.k0) {
      for (var d = 0u; d < depth; d++) {
        var leftOf: array<vec4f, OWN_ROWS>; // @registers
        var rightOf: array<vec4f, OWN_COLUMNS>; // @registers
        // @unroll
        for (var m = 0u; m < OWN_ROWS; m++) {
          leftOf[m] = lefts[half * LEFTS + placeOf(d, row0 + m * rows, ROW_QUADS)];
        }
        // @unroll
        for (var n = 0u; n < OWN_COLUMNS; n++) {
          rightOf[n] = rights[half * RIGHTS + placeOf(d, column0 + n * columns, COLUMN_QUADS)];
        }
        // @unroll
        for (var m = 0u; m < OWN_ROWS; m++) {
          // @unroll
          for (var c = 0u; c < 4u; c++) {
            // @unroll
            for (var n = 0u; n < OWN_COLUMNS; n++) {
              acc[m * 4u * OWN_COLUMNS + c * OWN_COLUMNS + n] += leftOf[m][c] * rightOf[n];
            }
          }
        }
      }
    }
    half = 1u - half;
    if (k < tile.k1) {
      // @unroll
      for (var j = 0u; j < LEFT_LOADS; j++) {
        let index = j * WG + lane;
        lefts[half * LEFTS + placeOf(depthOf(index, ROW_QUADS), quadOf(index, ROW_QUADS), ROW_QUADS)] = nextLeft[j];
      }
      // @unroll
      for (var j = 0u; j < RIGHT_LOADS; j++) {
        let index = j * WG + lane;
        rights[half * RIGHTS + placeOf(depthOf(index, COLUMN_QUADS), quadOf(index, COLUMN_QUADS), COLUMN_QUADS)] = nextRight[j];
      }
    }
    workgroupBarrier();
  }

  // @unroll
  for (var m = 0u; m < OWN_ROWS; m++) {
    // @unroll
    for (var c = 0u; c < 4u; c++) {
      // @unroll
      for (var n = 0u; n < OWN_COLUMNS; n++) {
        store(tile, (row0 + m * rows) * 4u + c, spots[n], acc[m * 4u * OWN_COLUMNS + c * OWN_COLUMNS + n]);
      }
    }
  }
}
