// opt.txt, which the reference writes beside its checkpoints: a line `key: value` for every option.

import { readFileSync } from 'node:fs';
import { DataError, fileError } from '../errors.js';

/** Option values as they stand in the file. */
export interface ReferenceOptions {
  readonly file: string;
  readonly values: ReadonlyMap<string, string>;
}

export function readReferenceOptions(path: string): ReferenceOptions {
  try {
    return parseReferenceOptions(readFileSync(path, 'utf8'), path);
  } catch (error) {
    throw fileError(error, path);
  }
}

/** Values up to their first blank: what some programs write behind them is a remark. */
export function parseReferenceOptions(text: string, file: string): ReferenceOptions {
  const lines = text.split(/\r?\n/).flatMap((line) => {
    const match = /^\s*(\w+): (\S*)/.exec(line);
    return match ? [[match[1]!, match[2]!] as const] : [];
  });
  if (lines.length === 0) throw new DataError('holds no options', { file, fix: 'Remove it, and give the options' });
  return { file, values: new Map(lines) };
}

/** In the reference's form; keys sorted. */
export function referenceOptionsText(values: Readonly<Record<string, string | number | boolean>>): string {
  const shown = (value: string | number | boolean) =>
    typeof value === 'boolean' ? (value ? 'True' : 'False') : `${value}`;
  const lines = Object.keys(values)
    .sort()
    .map((key) => `${key}: ${shown(values[key]!)}\n`);
  return `------------ Options -------------\n${lines.join('')}-------------- End ----------------\n`;
}

/** A whole number, or undefined where the option is not there. */
export function integerOption(options: ReferenceOptions | undefined, key: string): number | undefined {
  const text = options?.values.get(key);
  if (text === undefined || /^\d{1,9}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new DataError(`${key} is ${JSON.stringify(text)}, expected a whole number`, { file: options!.file });
}

export const flagOption = (options: ReferenceOptions | undefined, key: string): boolean =>
  options?.values.get(key) === 'True';
