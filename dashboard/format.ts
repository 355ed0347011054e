// Numbers as people read them.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function bytes(count: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(count || 1) / 10)));
  return `${(count / 1024 ** power).toPrecision(3)} ${UNITS[power]}`;
}

/** Three digits, without a row of zeros. */
export const short = (value: number): string => {
  const size = Math.abs(value);
  const rounded = Number(value.toPrecision(3));
  return size >= 1e5 || (size > 0 && size < 1e-3) ? rounded.toExponential().replace('e+', 'e') : String(rounded);
};
