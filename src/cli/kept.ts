import { resolve } from 'node:path';
import { camelCase } from '../options/option.js';
import type { Training } from '../train/prepare.js';
import { KEPT } from '../train/run-config.js';
import { KERNEL_OPTIONS } from './kernels.js';
import { VALIDATION_OPTIONS } from './validation.js';

/** What of train's command line holds when a run goes on. By camelCase name. */
export const KEPT_OPTIONS: readonly string[] = [
  ...KEPT,
  ...['vgg', ...KERNEL_OPTIONS, ...VALIDATION_OPTIONS].map(camelCase),
];

type Places = { val?: string; lpips?: string; lpipsNet?: string };

/** Options and settings, with paths that hold wherever the run is gone on with. @param vgg where VGG19's weights were found, if they are used */
export function keptValues<T extends Places>({ settings }: Pick<Training, 'settings'>, options: T, vgg?: string) {
  const { val, lpips, lpipsNet } = options;
  const places = Object.entries({ val, lpips, lpipsNet, vgg }).map(([name, path]) => [name, path && resolve(path)]);
  return { ...options, ...settings, ...Object.fromEntries(places) };
}

/** Some of an object's values. */
export const picked = (values: object, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));
