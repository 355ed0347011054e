import * as v from 'valibot';
import { DataError } from '../errors.js';
import { type Classes, labelPalette } from './colours.js';

const byte = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255));
const schema = v.object({
  classes: v.pipe(v.array(v.string()), v.minLength(1)),
  palette: v.optional(v.array(v.tuple([byte, byte, byte]))),
});

/** `{ "classes": ["sky", …], "palette": [[r, g, b], …] }`; without a palette the standard colours are used. @throws DataError */
export function parseClasses(text: string, path: string): Classes {
  const { classes: names, palette = labelPalette(names.length) } = parse(text, path);
  if (palette.length === names.length) return { names, palette };
  throw new DataError(`${names.length} classes but ${palette.length} colours`, {
    file: path,
    fix: 'Give one colour a class',
  });
}

function parse(text: string, path: string): v.InferOutput<typeof schema> {
  const fix = 'Expected { "classes": ["sky", …], "palette": [[0, 128, 255], …] }';
  try {
    return v.parse(schema, JSON.parse(text));
  } catch (cause) {
    throw new DataError(`is no list of classes: ${(cause as Error).message}`, { file: path, fix, cause });
  }
}
