// The tensors of a net in somebody else's file: each is taken, or said to be of no use, or the file is refused.

import { DataError } from '../errors.js';
import type { TensorToWrite } from '../formats/safetensors.js';
import type { Tensors } from '../formats/state-dict.js';
import { normOf, requireTensors, tensorName } from '../nets/architecture.js';
import type { Parameter } from '../nets/parameters.js';

export interface NetTensors {
  /** f32 in the order of the net, under its names; read when they are written. */
  tensors: TensorToWrite[];
  /** Keys of the file that carry nothing: running statistics of instance norm, from before torch 0.4. */
  ignored: string[];
  /** Counts of batches that files from before torch 0.4.1 lack; 0 here, no net reads them. */
  added: string[];
}

/** Keys of the file by the nets' names; null collects those of no use. */
function keysByName({ shapes, file }: Tensors): { keys: Map<string, string>; ignored: string[] } {
  const norm = normOf(shapes);
  const keys = new Map<string, string>();
  const ignored: string[] = [];
  for (const key of shapes.keys()) {
    const name = tensorName(key, norm);
    if (name === null) ignored.push(key);
    else if (keys.has(name)) throw new DataError(`${key} and ${keys.get(name)} are the same tensor`, { file });
    else keys.set(name, key);
  }
  return { keys, ignored };
}

/** Throws DataError unless the file has exactly the net's tensors. */
export function netTensors(file: Tensors, parameters: readonly Parameter[]): NetTensors {
  const { keys, ignored } = keysByName(file);
  const added = parameters.filter(({ name, role }) => role === 'count' && !keys.has(name)).map(({ name }) => name);
  const shapes = new Map([...file.shapes, ...added.map((name) => [name, []] as const)]);
  requireTensors(parameters, shapes, file.file);
  const data = (name: string) => {
    const key = keys.get(name);
    return () => (key === undefined ? new Float32Array(1) : file.read(key));
  };
  const tensors = parameters.map(
    ({ name, shape }): TensorToWrite => ({ name, dtype: 'F32', shape: [...shape], data: data(name) }),
  );
  return { tensors, ignored, added };
}

/** How a file and a net meet that need not fit whole. */
export interface FittingTensors {
  tensors: ReadonlyMap<string, () => Float32Array>;
  /** The net's that the file has not, the file's that the net has not, and those whose shapes differ. */
  left: string[];
  unknown: string[];
  misshapen: string[];
}

/** Every tensor that file and net have in common. */
export function fittingTensors(file: Tensors, parameters: readonly Parameter[]): FittingTensors {
  const { keys } = keysByName(file);
  const shapes = new Map(parameters.map(({ name, shape }) => [name, shape.join()]));
  const same = (name: string) => file.shapes.get(keys.get(name)!)!.join() === shapes.get(name);
  const common = [...keys.keys()].filter((name) => shapes.has(name));
  const read = (name: string) => () => file.read(keys.get(name)!);
  return {
    tensors: new Map(common.filter(same).map((name) => [name, read(name)])),
    left: [...shapes.keys()].filter((name) => !keys.has(name)),
    unknown: [...keys.keys()].filter((name) => !shapes.has(name)),
    misshapen: common.filter((name) => !same(name)),
  };
}
