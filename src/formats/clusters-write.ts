// The reference's features_clustered_*.npy: a pickled 0-d object array that holds {class: float64 [k, feat_num]}.

import { concatBytes } from './bytes.js';
import { bytesOf } from './dtype.js';
import type { Clusters } from './npy.js';
import { call, global, le, pickled, tuple, utf8, wholePickle } from './pickle-write.js';

const BUILD = 0x62;
const plain = (value: unknown): number[] => pickled(value, () => []);
const bytes = (value: Uint8Array): number[] => [0x42, ...le(value.length, 4), ...value];

/** numpy.dtype(code, False, True) with the state that numpy gives it; `flags` are 63 for objects. */
function dtype(code: string, order: string, flags: number): number[] {
  const made = call(global('numpy', 'dtype'), plain(Object.freeze([code, false, true])));
  return [...made, ...plain(Object.freeze([3, order, null, null, null, -1, -1, flags])), BUILD];
}

/** numpy's empty array, filled by its state: version, shape, type, not Fortran, content. */
function array(shape: readonly number[], type: number[], content: number[]): number[] {
  const empty = tuple(global('numpy', 'ndarray'), plain(Object.freeze([0])), bytes(utf8('b')));
  const made = call(global('numpy.core.multiarray', '_reconstruct'), empty);
  return [...made, ...tuple(plain(1), plain(Object.freeze([...shape])), type, plain(false), content), BUILD];
}

const matrix = ({ rows, columns, data }: Clusters): number[] =>
  array([rows, columns], dtype('f8', '<', 0), bytes(bytesOf(data)));

/** The file that numpy.load(…, allow_pickle=True) reads, in the form that decodeClusters reads back. */
export function encodeClusters(clusters: ReadonlyMap<number, Clusters>): Uint8Array {
  const dict = pickled(clusters, (value) => matrix(value as Clusters));
  const whole = array([], dtype('O8', '|', 63), [0x5d, ...dict, 0x61]);
  const header = "{'descr': '|O', 'fortran_order': False, 'shape': (), }";
  const start = Math.ceil((10 + header.length + 1) / 64) * 64;
  const text = utf8(`${header.padEnd(start - 11)}\n`);
  const magic = Uint8Array.of(0x93, ...utf8('NUMPY'), 1, 0, ...le(start - 10, 2));
  return concatBytes([magic, text, wholePickle(whole, 3)]); // 3: the first protocol with bytes
}
