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

const PATHS = ['val', 'lpips', 'lpipsNet', 'vgg'];

/** Options with paths that hold wherever the run is gone on with. */
export const fromAnywhere = <T extends object>(options: T): T => {
  const placed = Object.entries(options).map(([name, value]) => [
    name,
    PATHS.includes(name) && typeof value === 'string' ? resolve(value) : value,
  ]);
  return Object.fromEntries(placed) as T;
};

/** Options and settings. @param vgg where VGG19's weights were found, if they are used */
export const keptValues = <T extends object>({ settings }: Pick<Training, 'settings'>, options: T, vgg?: string) =>
  fromAnywhere({ ...options, ...settings, vgg });

/** Some of an object's values. */
export const picked = (values: object, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));
