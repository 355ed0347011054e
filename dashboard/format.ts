// Numbers as people read them.

/** 9 s, 3:20, 1:02:05 */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (n: number) => String(n).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

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
