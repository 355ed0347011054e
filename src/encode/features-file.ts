// The reference's feature files: features.npy (every region of a training set) and features_clustered_*.npy (its centres).

import { readFile } from 'node:fs/promises';
import { DataError, fileError } from '../errors.js';
import { type Clusters, clusterRows, decodeClusters } from '../formats/npy.js';
import type { Manifest } from '../nets/manifest.js';
import { classCount, type RegionStyle } from './cluster.js';

/** One of the two, by what the file holds. */
export type Features = { regions: RegionStyle[]; centres?: undefined } | { centres: number[][][]; regions?: undefined };

/** Checks every class's matrix against the net. @returns its columns, the same for all */
function columnsOf(found: ReadonlyMap<number, Clusters>, manifest: Manifest, file: string): number {
  const width = manifest.encoding.features!.count;
  const count = classCount(manifest, found.keys());
  const columns = [...found.values()][0]?.columns ?? width;
  for (const [number, matrix] of found) {
    if (number >= count)
      throw new DataError(`has styles of class ${number}, the net has classes 0…${count - 1}`, { file });
    if (matrix.columns === columns && (columns === width || columns === width + 1)) continue;
    const wanted = `wanted ${width} (clustered) or ${width + 1} (with the region's share)`;
    throw new DataError(`class ${number} has rows of ${matrix.columns} values, ${wanted}`, { file });
  }
  return columns;
}

/** @throws DataError for a file that is none of the two or belongs to another net, MissingFileError */
export async function readFeatures(file: string, manifest: Manifest): Promise<Features> {
  const bytes = await readFile(file).catch((error) => {
    throw fileError(error, file);
  });
  const found = decodeClusters(bytes, file);
  const width = manifest.encoding.features!.count;
  if (columnsOf(found, manifest, file) > width) {
    const regions = [...found].flatMap(([number, matrix]) =>
      clusterRows(matrix).map((row) => ({ class: number, ratio: row[width]!, vector: row.slice(0, width) })),
    );
    return { regions };
  }
  const count = classCount(manifest, found.keys());
  const rows = (number: number) => found.get(number) ?? { rows: 0, columns: width, data: new Float64Array() };
  return { centres: Array.from({ length: count }, (_, number) => clusterRows(rows(number))) };
}
