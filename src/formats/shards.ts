import { DataError } from '../errors.js';
import type { Source } from './source.js';

/** As for a safetensors header; the largest published index takes 2 MB. */
const MAX_INDEX = 100_000_000;

const invalid = (file: string, problem: string, cause?: unknown) =>
  new DataError(`not a valid index of shards: ${problem}`, {
    file,
    fix: 'Expected { "weight_map": { "tensor": "file.safetensors" } }',
    cause,
  });

function parse(source: Source): unknown {
  if (source.size > MAX_INDEX) throw invalid(source.name, `${source.size} bytes, the limit is ${MAX_INDEX}`);
  const bytes = source.read(0, source.size);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw invalid(source.name, 'it is not UTF-8 JSON', cause);
  }
}

/** The name of a file in the same folder: nothing that leads out of it, and nothing hidden. */
const isShardName = (name: unknown): name is string =>
  typeof name === 'string' && /^[^./\\:\0][^/\\:\0]*\.safetensors$/.test(name);

/**
 * Which file holds which tensor, by a `model.safetensors.index.json`. Throws DataError for anything else, and for shards that
 * are not plain names of safetensors files beside the index.
 */
export function readShardIndex(source: Source): Map<string, string> {
  const index = parse(source) as { weight_map?: unknown } | null;
  const map = index?.weight_map;
  if (typeof map !== 'object' || map === null || Array.isArray(map)) throw invalid(source.name, 'it has no weight_map');
  const shards = Object.entries(map);
  const odd = shards.find(([, shard]) => !isShardName(shard));
  if (odd) throw invalid(source.name, `tensor ${odd[0]} in ${JSON.stringify(odd[1])}, no safetensors file beside it`);
  return new Map(shards as [string, string][]);
}
