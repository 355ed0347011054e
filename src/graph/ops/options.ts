import { refuse } from '../tensor.js';

/** Height and width, or one number for both. */
export type Pair = number | readonly [number, number];
/** One number for all four sides, [h, w], or [top, left, bottom, right]. */
export type Padding = Pair | readonly [number, number, number, number];
/** Top, left, bottom, right. */
export type Sides = readonly [number, number, number, number];

/** Refuses anything but an object with the `names`, so that a misspelt option is an error instead of a default. */
export function knownOptions(op: string, options: unknown, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    refuse(op, 'options', options, `an object with some of ${names.join(', ')}`);
  }
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) refuse(op, 'unknown option', unknown, `one of ${names.join(', ')}`);
}

/** A whole number of at least `least`. */
export function wholeNumber(op: string, name: string, value: unknown, least: number): number {
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    refuse(op, name, value, `a whole number of at least ${least}`);
  }
  return value as number;
}

/** [h, w] of a spatial argument whose numbers are at least `least`. */
export function pair(op: string, name: string, value: unknown, least: number): readonly [number, number] {
  const numbers: readonly unknown[] = Array.isArray(value) ? value : [value, value];
  if (numbers.length !== 2) refuse(op, name, value, 'a number or [h, w]');
  return [wholeNumber(op, name, numbers[0], least), wholeNumber(op, name, numbers[1], least)];
}

/** [top, left, bottom, right] of a padding of 1, 2 or 4 numbers, none negative. */
export function sides(op: string, name: string, value: unknown): Sides {
  const numbers: readonly unknown[] = Array.isArray(value) ? value : [value, value];
  if (numbers.length !== 2 && numbers.length !== 4) {
    refuse(op, name, value, 'a number, [h, w] or [top, left, bottom, right]');
  }
  const side = (i: number) => wholeNumber(op, name, numbers[i % numbers.length], 0);
  return [side(0), side(1), side(2), side(3)];
}
