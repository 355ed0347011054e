// A net's tensors by name, whatever file holds them: .pth in both forms, safetensors, safetensors in shards.

import { dirname, join } from 'node:path';
import { DataError } from '../errors.js';
import { toFloat32 } from './dtype.js';
import { openFile } from './files.js';
import { openPth } from './pth.js';
import { openSafetensors, readTensor } from './safetensors.js';
import { readShardIndex } from './shards.js';
import type { Source } from './source.js';

/** Tensors by name; the values stay in the file until they are read. */
export interface Tensors {
  /** The file, for messages. */
  readonly file: string;
  /** By name, in the order of the file. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** What a safetensors file says about itself; empty for others. */
  readonly metadata: ReadonlyMap<string, string>;
  /** f32 in C order, whatever the stored type. Throws DataError for an unknown name, a damaged file or an 8-bit float. */
  read(name: string): Float32Array;
}

/** The same as long as its files are open. */
export interface StateDict extends Tensors {
  close(): void;
}

const shapesOf = (tensors: ReadonlyMap<string, { shape: readonly number[] }>) =>
  new Map([...tensors].map(([name, { shape }]) => [name, shape]));

/** A safetensors header begins behind its eight bytes of length; no torch file has a brace or blank there. */
function isSafetensors(source: Source): boolean {
  if (source.name.endsWith('.safetensors')) return true;
  return source.size > 8 && /[{\s]/.test(String.fromCharCode(source.read(8, 1)[0]!));
}

/** The tensors of a file that is open or in memory, told by its content. Throws DataError where it is neither form. */
export function tensorsOf(source: Source): Tensors {
  const file = source.name;
  if (isSafetensors(source)) {
    const opened = openSafetensors(source);
    const { tensors, metadata } = opened;
    return { file, shapes: shapesOf(tensors), metadata, read: (name) => toFloat32(readTensor(opened, name), name) };
  }
  const { tensors, read } = openPth(source);
  return { file, shapes: shapesOf(tensors), metadata: new Map(), read: (name) => toFloat32(read(name), name) };
}

function openOne(path: string): StateDict {
  const source = openFile(path);
  try {
    return { ...tensorsOf(source), close: source.close };
  } catch (error) {
    source.close();
    throw error;
  }
}

/** Every tensor must stand in the shard that the index names, and in no other. */
function openShards(path: string): StateDict {
  const source = openFile(path);
  const index = readShardIndex(source);
  source.close();
  const shards = new Map<string, StateDict>();
  const close = () => shards.forEach((shard) => shard.close());
  try {
    for (const name of new Set(index.values())) shards.set(name, openOne(join(dirname(path), name)));
    const shapes = new Map([...index].map(([name, shard]) => [name, shapeIn(shards.get(shard)!, name, path)]));
    for (const [shard, opened] of shards) checkListed(opened, shard, index, path);
    const read = (name: string) => {
      const shard = index.get(name);
      if (shard === undefined) throw new DataError(`no tensor named ${name}`, { file: path });
      return shards.get(shard)!.read(name);
    };
    return { file: path, shapes, metadata: new Map(), read, close };
  } catch (error) {
    close();
    throw error;
  }
}

const AGAIN = 'Copy index and shards again, all from one place';

function shapeIn(shard: StateDict, name: string, index: string): readonly number[] {
  const shape = shard.shapes.get(name);
  if (shape) return shape;
  throw new DataError(`has no tensor ${name}, where ${index} says it is`, { file: shard.file, fix: AGAIN });
}

function checkListed(opened: StateDict, shard: string, index: ReadonlyMap<string, string>, file: string): void {
  const other = [...opened.shapes.keys()].find((name) => index.get(name) !== shard);
  if (other !== undefined) throw new DataError(`does not list ${other}, which ${shard} holds`, { file, fix: AGAIN });
}

/**
 * Opens the tensors of a .pth or safetensors file, or of the shards that a `….safetensors.index.json` lists. Close it when done.
 * Throws MissingFileError, IOError, DataError naming the file.
 */
export const openStateDict = (path: string): StateDict => (path.endsWith('.json') ? openShards(path) : openOne(path));

const kept = (shapes: StateDict['shapes'], keep: (name: string) => boolean) =>
  [...shapes].filter(([name]) => keep(name));

/** All but the tensors whose names begin so. */
export const withoutPrefix = (file: StateDict, prefix: string): StateDict => ({
  ...file,
  shapes: new Map(kept(file.shapes, (name) => !name.startsWith(prefix))),
});

/** Those tensors under the rest of their names; undefined where there is none. */
export function withPrefix(file: StateDict, prefix: string): StateDict | undefined {
  const own = kept(file.shapes, (name) => name.startsWith(prefix));
  if (own.length === 0) return undefined;
  const shapes = new Map(own.map(([name, shape]) => [name.slice(prefix.length), shape]));
  return { ...file, shapes, read: (name) => file.read(prefix + name) };
}
