import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { HostTensor } from '../../src/formats/dtype.js';
import { fileSha256, withFile, writePth } from '../../src/formats/files.js';
import { parsePth, readPth } from '../../src/formats/pth.js';
import { stateDictOf } from '../../src/formats/pth-write.js';
import { dict, globalOp, int, PROTO, STOP, stateDict, stream, text, zip } from './build.js';
import { ascii, fixture, refuses, uniform, withFolder } from './support.js';

const test = suite('pth');

/** Weights come in pairs (weight, bias); their values are the hash of (1000·seed + position, element). */
function checkHashWeights(tensors: Iterable<[string, HostTensor]>, seed: number): void {
  let position = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    const size = name.endsWith('.bias') ? 0.1 : Math.sqrt(12) * 0.02;
    const wanted = Float32Array.from(
      { length: shape.reduce((a, b) => a * b, 1) },
      (_, e) => uniform(1000 * seed + position, e) * size,
    );
    assert.is(dtype, 'F32', name);
    assert.equal(data, wanted, name);
    position++;
  }
}

const FIXTURES: [file: string, seed: number, tensors: number, first: string, shape: number[]][] = [
  ['tiny_net_G_zip.pth', 1, 20, 'model.1.weight', [4, 6, 7, 7]],
  ['tiny_net_G_legacy.pth', 1, 20, 'model.1.weight', [4, 6, 7, 7]],
  ['tiny_local_net_G_zip.pth', 2, 34, 'model1_1.1.weight', [2, 6, 7, 7]],
  ['tiny_net_D_zip.pth', 3, 20, 'scale0_layer0.0.weight', [4, 9, 4, 4]],
  ['tiny_net_E_zip.pth', 4, 12, 'model.1.weight', [2, 3, 7, 7]],
];

for (const [name, seed, count, first, shape] of FIXTURES) {
  test(`${name} holds its hash weights`, () => {
    const tensors = parsePth(fixture(name), name);
    assert.is(tensors.size, count);
    assert.equal(tensors.get(first)?.shape, shape);
    checkHashWeights(tensors, seed);
  });
}

test('a file from before torch 0.4 keeps its weights among running statistics', () => {
  const tensors = parsePth(fixture('tiny_net_G_pre04_runningstats_legacy.pth'));
  assert.ok(tensors.has('model.2.running_mean'));
  checkHashWeights(
    [...tensors].filter(([name]) => !name.includes('running')),
    1,
  );
});

test('reading from an open file gives the same as from memory', async () => {
  for (const name of ['tiny_net_E_zip.pth', 'tiny_net_G_legacy.pth']) {
    const tensors = await withFile(join('test/formats/fixtures', name), readPth);
    assert.equal([...tensors], [...parsePth(fixture(name))]);
  }
});

// ---- what is built here byte by byte: good files first, so that a refusal below is owed to the one thing changed ----

const FLOATS = [...new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer)];
const goodZip = (change: Parameters<typeof stateDict>[0] = {}, data = FLOATS) =>
  zip([
    ['r/data.pkl', stateDict(change)],
    ['r/data/0', data],
    ['r/version', ascii('3\n')],
  ]);

test('hand-built files in both forms are read', () => {
  for (const file of [goodZip(), stream(stateDict({ stream: true }), FLOATS)]) {
    const w = parsePth(file).get('w');
    assert.equal(
      [w?.shape, [...(w?.data ?? [])]],
      [
        [2, 3],
        [0, 1, 2, 3, 4, 5],
      ],
    );
  }
});

test('strides are followed: a transposed view comes back in C order', () => {
  const w = parsePth(goodZip({ shape: [3, 2], stride: [1, 3] })).get('w');
  assert.equal(
    [w?.shape, [...(w?.data ?? [])]],
    [
      [3, 2],
      [0, 3, 1, 4, 2, 5],
    ],
  );
});

test('an offset starts inside the storage, old and parameter forms are known', () => {
  assert.equal([...(parsePth(goodZip({ offset: 2, shape: [4], stride: [1] })).get('w')?.data ?? [])], [2, 3, 4, 5]);
  for (const rebuild of ['_rebuild_tensor', '_rebuild_parameter'] as const) {
    assert.equal([...(parsePth(goodZip({ rebuild })).get('w')?.data ?? [])], [0, 1, 2, 3, 4, 5]);
  }
});

const HOSTILE: [name: string, file: () => Uint8Array, message: RegExp][] = [
  [
    'os.system',
    () => zipOf([...PROTO, ...globalOp('os', 'system'), ...text('id'), 0x85, 0x52, STOP]),
    /global "os\.system" is not allowed/,
  ],
  ['builtins.eval', () => zipOf([...PROTO, ...globalOp('builtins', 'eval'), STOP]), /"builtins\.eval" is not allowed/],
  [
    'a global named like an object property',
    () => zipOf([...PROTO, ...globalOp('__proto__', 'constructor'), STOP]),
    /is not allowed/,
  ],
  [
    'an allowed function under a longer name',
    () => zipOf([...PROTO, ...globalOp('torch._utils', '_rebuild_tensor_v2.__globals__'), STOP]),
    /is not allowed/,
  ],
  [
    'INST',
    () => zipOf([...PROTO, 0x28, 0x69, ...ascii('os\nsystem\n'), STOP]),
    /opcode 0x69 'i' is not allowed at byte 3/,
  ],
  ['STACK_GLOBAL', () => zipOf([...PROTO, ...text('os'), ...text('system'), 0x93, STOP]), /opcode 0x93 is not allowed/],
  ['REDUCE of a string', () => zipOf([...PROTO, ...text('x'), 0x29, 0x52, STOP]), /not callable/],
  [
    'REDUCE of a storage class',
    () => zipOf([...PROTO, ...globalOp('torch', 'FloatStorage'), 0x29, 0x52, STOP]),
    /not callable/,
  ],
  ['BUILD on a list', () => zipOf([...PROTO, 0x5d, 0x7d, 0x62, STOP]), /BUILD on something/],
  [
    'SETITEM on a list',
    () => zipOf([...PROTO, 0x5d, ...int(0), ...int(1), 0x73, STOP]),
    /SETITEM on something that is no dict/,
  ],
  ['APPEND to a dict', () => zipOf([...PROTO, 0x7d, ...int(0), 0x61, STOP]), /APPEND to something that is no list/],
  ['APPEND to a tuple', () => zipOf([...PROTO, 0x29, ...int(0), 0x61, STOP]), /APPEND to something that is no list/],
  ['a tensor as dict key', () => zipOf([...PROTO, 0x7d, 0x7d, ...int(1), 0x73, STOP]), /a dict key/],
  ['a memo that was never set', () => zipOf([...PROTO, 0x68, 7, STOP]), /nothing was stored under 7/],
  [
    'a memo index of 2^32-1',
    () => zipOf([...PROTO, ...int(1), 0x72, 255, 255, 255, 255, STOP]),
    /does not hold a dict/,
  ],
  [
    'a string of 2^31 bytes',
    () => zipOf([...PROTO, 0x58, 0, 0, 0, 0x80, STOP]),
    /2147483648 bytes are wanted, 1 are left/,
  ],
  ['a string that is not UTF-8', () => zipOf([...PROTO, 0x58, 1, 0, 0, 0, 0xff, STOP]), /not UTF-8/],
  [
    'an integer of 255 bytes',
    () => zipOf([...PROTO, 0x8a, 255, ...new Array(255).fill(1), STOP]),
    /an integer of 255 bytes/,
  ],
  [
    'a million nested tuples',
    () => zipOf([...PROTO, 0x29, ...new Array(999_990).fill(0x85), STOP]),
    /does not hold a dict/,
  ],
  [
    'a million nested lists',
    () => zipOf([...PROTO, ...new Array(499_990).fill(0x5d), ...new Array(499_989).fill(0x61), STOP]),
    /does not hold a dict/,
  ],
  ['lists that double sixty times through the memo', () => zipOf(memoBomb()), /entry a is no tensor/],
  [
    'a dict in a dict in a dict',
    () => zipOf([...PROTO, ...dict([['a', dict([['b', dict([])]])]]), STOP]),
    /entry a is no tensor/,
  ],
  [
    'many views of one storage',
    () => zipOf([...PROTO, ...dict(views(4000)), STOP]),
    /views are many times larger than its storages/,
  ],
  ['endless steps', () => zipOf([...PROTO, ...new Array(1_000_001).fill(0x4e), STOP]), /more than 1000000 steps/],
  [
    'a dict that contains itself',
    () => zipOf([...PROTO, 0x7d, 0x71, 0, ...text('a'), 0x68, 0, 0x73, STOP]),
    /entry a is no tensor/,
  ],
  ['no STOP', () => zipOf([...PROTO, 0x7d]), /1 bytes are wanted, 0 are left/],
  ['no tensor under a key', () => zipOf([...PROTO, ...dict([['epoch', int(3)]]), STOP]), /entry epoch is no tensor/],
  [
    'a storage declared larger than its bytes',
    () => goodZip({ count: 7 }),
    /declared as 7 × F32, 24 bytes are present/,
  ],
  [
    'a storage declared smaller than its bytes',
    () => goodZip({ count: 5, shape: [5], stride: [1] }),
    /declared as 5 × F32, 24 bytes/,
  ],
  [
    'a shape past the storage',
    () => goodZip({ shape: [7], stride: [1] }),
    /tensor w \[7\] reaches past its storage of 6/,
  ],
  ['an offset past the storage', () => goodZip({ offset: 1 }), /reaches past/],
  ['a stride past the storage', () => goodZip({ shape: [2], stride: [6] }), /reaches past/],
  ['a view larger than its storage', () => goodZip({ shape: [1_000_000], stride: [0] }), /reaches past/],
  [
    'an overflowing shape',
    () => goodZip({ shape: [2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1], stride: [0, 0, 0] }),
    /reaches past/,
  ],
  ['a negative side', () => goodZip({ shape: [-1], stride: [1] }), /_rebuild_tensor is called with unexpected/],
  ['fewer strides than sides', () => goodZip({ stride: [1] }), /unexpected arguments/],
  ['a storage key that climbs', () => goodZip({ key: '../0' }), /storage \.\.\/0 is missing/],
  ['one storage declared in two ways', () => zipOf(twoStorages()), /storage 0 is declared in two ways/],
  ['no data.pkl', () => zip([['r/data/0', FLOATS]]), /0 entries named/],
  [
    'two data.pkl',
    () =>
      zip([
        ['a/data.pkl', stateDict({})],
        ['b/data.pkl', stateDict({})],
      ]),
    /2 entries named/,
  ],
  [
    'big-endian',
    () =>
      zip([
        ['r/data.pkl', stateDict({})],
        ['r/data/0', FLOATS],
        ['r/byteorder', ascii('big')],
      ]),
    /not little-endian/,
  ],
  ['the tar form', () => new Uint8Array([...ascii('sys_info'), ...new Array(504).fill(0)]), /tar form .* refused/],
  ['an empty file', () => new Uint8Array(), /neither/],
  ['a stream without magic', () => new Uint8Array([...PROTO, ...int(1), STOP]), /magic number/],
  [
    'a stream whose count lies',
    () => stream(stateDict({ stream: true }), FLOATS, { count: 2 ** 40 }),
    /storage 0 claims 1099511627776/,
  ],
  [
    'a stream whose count disagrees',
    () => stream(stateDict({ stream: true, count: 5, shape: [5], stride: [1] }), FLOATS),
    /declared as 5/,
  ],
  [
    'a stream with a tail',
    () => stream(stateDict({ stream: true }), [...FLOATS, 1]),
    /1 bytes follow the last storage/,
  ],
  ['a stream cut short', () => stream(stateDict({ stream: true }), FLOATS).slice(0, -1), /storage 0 claims 6/],
];

function zipOf(pickle: number[]): Uint8Array {
  return zip([
    ['r/data.pkl', pickle],
    ['r/data/0', FLOATS],
  ]);
}

/** Each list holds the one before twice: 2^60 leaves for whoever walks through it. */
function memoBomb(): number[] {
  const levels = Array.from({ length: 60 }, (_, i) => [0x5d, 0x28, 0x68, i, 0x68, i, 0x65, 0x71, i + 1]);
  return [...PROTO, ...dict([['a', [0x28, 0x5d, 0x71, 0, ...levels.flat(), 0x74]]]), STOP];
}

/** So many tensors that all share the six floats. */
function views(count: number): [string, number[]][] {
  const tensor = stateDict({ bare: true, shape: [6], stride: [0] });
  const shared = Array.from({ length: count }, (_, i): [string, number[]] => [`w${i}`, [0x68, 0]]);
  return [['first', [...tensor, 0x71, 0]], ...shared];
}

function twoStorages(): number[] {
  const one = stateDict({ bare: true });
  const two = stateDict({ bare: true, storage: 'HalfStorage', count: 12 });
  return [
    ...PROTO,
    ...dict([
      ['w', one],
      ['v', two],
    ]),
    STOP,
  ];
}

for (const [name, file, message] of HOSTILE) {
  test(`refused: ${name}`, async () => {
    const bytes = file();
    const taken: number[] = [];
    // Of this process, the best of three: what compiler and collector do beside it, now and then for seconds, is no fault of the file's.
    do {
      const before = process.cpuUsage();
      await refuses(() => parsePth(bytes, 'hostile.pth'), 65, message);
      const { user, system } = process.cpuUsage(before);
      taken.push(user + system);
    } while (Math.min(...taken) >= 2e6 && taken.length < 3);
    assert.ok(Math.min(...taken) < 2e6, 'within two seconds of a processor');
  });
}

test('keys named __proto__ are plain keys', () => {
  const tensors = parsePth(goodZip({ name: '__proto__' }));
  assert.equal([...tensors.keys()], ['__proto__']);
  assert.is(({} as Record<string, unknown>).dtype, undefined);
});

test('what is written is read back, aligned, in order', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'net_G.pth');
    const tensors = [
      { name: 'model.1.weight', dtype: 'F32', shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) },
      { name: 'ü', dtype: 'F16', shape: [3], data: async () => Uint16Array.of(1, 2, 3) },
      { name: 'model.2.num_batches_tracked', dtype: 'I64', shape: [], data: BigInt64Array.of(7n) },
      { name: 'empty', dtype: 'F32', shape: [0, 2], data: new Float32Array() },
    ] as const;
    const { bytes, sha256 } = await writePth(
      path,
      stateDictOf(tensors.map((tensor) => ({ ...tensor, shape: [...tensor.shape] }))),
    );
    assert.equal([statSync(path).size, await fileSha256(path)], [bytes, sha256]);
    const back = await withFile(path, readPth);
    assert.equal(
      [...back].map(([name, { dtype, shape }]) => [name, dtype, shape]),
      tensors.map((t) => [t.name, t.dtype, t.shape]),
    );
    assert.equal(
      [...back.values()].map(({ data }) => [...data].map(Number)),
      [[0, 1, 2, 3, 4, 5], [1, 2, 3], [7], []],
    );
    const file = readFileSync(path);
    for (const { data } of tensors.slice(0, 1))
      assert.is(file.indexOf(Buffer.from((data as Float32Array).buffer)) % 64, 0);
  }));

test('a dtype without torch storage is refused by name', () =>
  withFolder((folder) =>
    refuses(
      () => writePth(join(folder, 'x'), { name: 'w', dtype: 'U32', shape: [], data: new Uint32Array(1) }),
      65,
      /tensor w has dtype U32/,
    ),
  ));

test.run();
