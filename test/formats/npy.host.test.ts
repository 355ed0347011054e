import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeClusters, decodeNpy, encodeNpy } from '../../src/formats/npy.js';
import { globalOp, int, STOP, text, tuple } from './build.js';
import { ascii, fixture, le, refuses, uniform } from './support.js';

const test = suite('npy');

const npy = (dict: string, data: number[] = [], version = 1) => {
  const header = [...ascii(dict), 10];
  return Uint8Array.from([
    0x93,
    ...ascii('NUMPY'),
    version,
    0,
    ...le(header.length, version === 1 ? 2 : 4),
    ...header,
    ...data,
  ]);
};

test('numpy.save writes these very bytes', () => {
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }".padEnd(117) + '\n';
  const wanted = [0x93, ...ascii('NUMPY'), 1, 0, 118, 0, ...ascii(header), 0, 0, 128, 63, 0, 0, 0, 192];
  assert.equal([...encodeNpy(Float32Array.of(1, -2), [2, 1])], wanted);
});

test('floats come back, for any rank', () => {
  for (const shape of [[], [1], [6], [2, 3], [1, 2, 3, 1], [0, 3]]) {
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i - 0.5);
    const back = decodeNpy(encodeNpy(data, shape));
    assert.equal([back.dtype, back.shape, back.data], ['F32', shape, data]);
  }
});

test('other types and header versions are read', () => {
  const longs = decodeNpy(npy("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", le(7, 8), 2));
  assert.equal([longs.dtype, longs.data[0]], ['I64', 7n]);
  assert.equal(
    [...decodeNpy(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", [1, 2, 3], 3)).data],
    [1, 2, 3],
  );
});

const HOSTILE: [name: string, bytes: Uint8Array, message: RegExp][] = [
  ['no signature', Uint8Array.from(ascii('hello, world')), /signature is missing/],
  ['version 9', npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", [0, 0, 0, 0], 9), /version 9/],
  ['big-endian', npy("{'descr': '>f4', 'fortran_order': False, 'shape': (), }", [0, 0, 0, 0]), /element type ">f4"/],
  [
    'a type named like an object property',
    npy("{'descr': '<constructor', 'fortran_order': False, 'shape': (), }"),
    /element type/,
  ],
  ['Fortran order', npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }", [0, 0, 0, 0]), /Fortran order/],
  ['code in the header', npy("{'descr': __import__('os'), 'fortran_order': False, 'shape': (), }"), /not understood/],
  [
    'too few bytes',
    npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", [0, 0, 0, 0]),
    /takes 8 bytes, 4 are there/,
  ],
  [
    'a shape that overflows',
    npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }"),
    /impossible shape/,
  ],
  ['a shape with a gap', npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1 2), }"), /impossible shape/],
  ['a header past the end', Uint8Array.from([0x93, ...ascii('NUMPY'), 1, 0, 255, 255, 1, 2]), /does not fit/],
  ['pickled objects', fixture('features_clustered_010.npy'), /element type "\|O"/],
];

for (const [name, bytes, message] of HOSTILE) {
  test(`refused: ${name}`, async () => {
    await refuses(() => decodeNpy(bytes, 'x.npy'), 65, message);
  });
}

test('the cluster file of the reference holds its hash values', () => {
  const clusters = decodeClusters(fixture('features_clustered_010.npy'));
  assert.equal([...clusters.keys()], [0, 3, 26]);
  assert.equal(
    [...clusters.values()].map(({ rows, columns }) => [rows, columns]),
    [
      [2, 3],
      [4, 3],
      [10, 3],
    ],
  );
  for (const [label, { data }] of clusters) {
    data.forEach(
      (value, e) => void assert.is(value, Math.round(uniform(800 + label, e) * 1e6) / 1e6, `class ${label}`),
    );
  }
});

// ---- what other Pythons and numpys write, built by hand ----

const O = "{'descr': '|O', 'fortran_order': False, 'shape': (), }";
const type = (code: string, order: string) => [
  ...globalOp('numpy', 'dtype'),
  ...tuple(text(code), int(0), int(1)),
  0x52,
  ...tuple(int(3), text(order), [0x4e], [0x4e], [0x4e], int(-1), int(-1), int(0)),
  0x62,
];
const array = (core: string, shape: number[], dtype: number[], raw: number[]) => [
  ...globalOp(`${core}.multiarray`, '_reconstruct'),
  ...tuple(globalOp('numpy', 'ndarray'), tuple(int(0)), [0x43, 1, 98]),
  0x52,
  ...tuple(int(1), tuple(...shape.map(int)), dtype, [0x89], raw),
  0x62,
];
const ONE = [...new Uint8Array(Float64Array.of(0.5, -0.25).buffer)];
const asBytes = [0x43, ONE.length, ...ONE];
const asPython2 = [0x55, ONE.length, ...ONE];
const latin = String.fromCharCode(...ONE);
const asCodecs = [...globalOp('_codecs', 'encode'), ...tuple(text(latin), text('latin1')), 0x52];
const clusterFile = (core: string, raw: number[], key = int(7)) => {
  const matrix = array(core, [1, 2], type('f8', '<'), raw);
  const list = [0x5d, 0x7d, ...key, ...matrix, 0x73, 0x61];
  return npy(O, [0x80, 3, ...array(core, [], type('O8', '|'), list), STOP]);
};
const numpyKey = [
  ...globalOp('numpy.core.multiarray', 'scalar'),
  ...tuple(type('i8', '<'), [0x43, 8, ...le(7, 8)]),
  0x52,
];

for (const [name, file] of [
  ['numpy 1, Python 3', clusterFile('numpy.core', asBytes)],
  ['numpy 2', clusterFile('numpy._core', asBytes)],
  ['Python 2', clusterFile('numpy.core', asPython2)],
  ['protocol 2 from Python 3', clusterFile('numpy.core', asCodecs)],
  ['numpy integers as keys', clusterFile('numpy.core', asBytes, numpyKey)],
] as const) {
  test(`clusters from ${name}`, () => {
    assert.equal([...decodeClusters(file)], [[7, { rows: 1, columns: 2, data: Float64Array.of(0.5, -0.25) }]]);
  });
}

const HOSTILE_CLUSTERS: [name: string, bytes: Uint8Array, message: RegExp][] = [
  ['os.system', npy(O, [0x80, 3, ...globalOp('posix', 'system'), STOP]), /"posix\.system" is not allowed/],
  ['an array with fewer bytes', clusterFile('numpy.core', [0x43, 8, ...ONE.slice(0, 8)]), /\[1,2\] of F64 in 8 bytes/],
  [
    'no dict',
    npy(O, [0x80, 3, ...array('numpy.core', [], type('O8', '|'), [0x5d, ...int(1), 0x61]), STOP]),
    /dict of arrays/,
  ],
  ['a bare None', npy(O, [0x80, 3, 0x4e, STOP]), /dict of arrays/],
  ['bytes behind the pickle', Uint8Array.from([...clusterFile('numpy.core', asBytes), 0]), /1 bytes follow/],
  ['big-endian values', npy(O, [0x80, 3, ...type('f8', '>'), STOP]), /byte order >/],
  ['negative class', clusterFile('numpy.core', asBytes, int(-1)), /class -1/],
  ['a numeric file', encodeNpy(Float32Array.of(1), [1]), /expected one pickled object/],
];

for (const [name, bytes, message] of HOSTILE_CLUSTERS) {
  test(`refused as clusters: ${name}`, async () => {
    await refuses(() => decodeClusters(bytes, 'c.npy'), 65, message);
  });
}

test('a Buffer is read like any bytes, wherever it begins', () => {
  const bytes = fixture('features_clustered_010.npy');
  const padded = Buffer.concat([Buffer.alloc(3), bytes]);
  assert.equal([...decodeClusters(padded.subarray(3))], [...decodeClusters(bytes)]);
});

test.run();
