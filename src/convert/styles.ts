// The reference's clustered features as the manifest's styles, and back.

import { readFileSync } from 'node:fs';
import { DataError, fileError } from '../errors.js';
import { encodeClusters } from '../formats/clusters-write.js';
import { type Clusters, clusterRows, decodeClusters } from '../formats/npy.js';

/** As many classes as a net can have. */
const MOST_CLASSES = 1024;

/**
 * By class, its style vectors of `count` values each; a class that was never seen large enough has none. Throws
 * MissingFileError, IOError, DataError.
 */
export function readStyles(path: string, count: number): number[][][] {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw fileError(error, path);
  }
  const clusters = decodeClusters(bytes, path);
  for (const [id, { columns }] of clusters) {
    if (id >= MOST_CLASSES) throw new DataError(`class ${id}, the most is ${MOST_CLASSES - 1}`, { file: path });
    if (columns !== count)
      throw new DataError(`class ${id} has vectors of ${columns} values, the net takes ${count}`, { file: path });
  }
  const most = Math.max(-1, ...clusters.keys());
  return Array.from({ length: most + 1 }, (_, id) => (clusters.has(id) ? clusterRows(clusters.get(id)!) : []));
}

/** The same as the reference's file; classes without styles are left out, as there. */
export function stylesFile(styles: readonly (readonly (readonly number[])[])[]): Uint8Array {
  const classes = styles.flatMap((rows, id): [number, Clusters][] =>
    rows.length > 0
      ? [[id, { rows: rows.length, columns: rows[0]!.length, data: Float64Array.from(rows.flat()) }]]
      : [],
  );
  return encodeClusters(new Map(classes));
}
