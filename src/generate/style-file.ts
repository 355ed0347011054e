import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { DataError, fileError } from '../errors.js';
import type { StyleChoice } from './styles.js';

const styles = v.record(v.string(), v.union([v.pipe(v.number(), v.integer(), v.minValue(0)), v.array(v.number())]));
const schema = v.strictObject({ classes: v.optional(styles), regions: v.optional(styles) });

/**
 * A choice of styles as a file: `{ "classes": { "sky": 2, "26": 0 }, "regions": { "26001": [0.1, 0, -0.3] } }`, either part
 * may be missing. Classes go by name or id, regions by instance id; a whole number is that of one of the class's centres.
 * @throws DataError for anything else, MissingFileError
 */
export async function readStyleFile(file: string): Promise<StyleChoice> {
  const text = await readFile(file, 'utf8').catch((error) => {
    throw fileError(error, file);
  });
  try {
    return v.parse(schema, JSON.parse(text));
  } catch (cause) {
    const fix = 'Expected { "classes": { "sky": 2 }, "regions": { "26001": [0.1, 0, -0.3] } }';
    throw new DataError(`is no choice of styles: ${(cause as Error).message}`, { file, fix, cause });
  }
}
