import { camelCase } from '../options/option.js';
import { KEPT } from '../train/run-config.js';
import { KERNEL_OPTIONS } from './kernels.js';
import { VALIDATION_OPTIONS } from './validation.js';

/** What of train's command line holds when a run goes on. By camelCase name. */
export const KEPT_OPTIONS: readonly string[] = [...KEPT, ...[...KERNEL_OPTIONS, ...VALIDATION_OPTIONS].map(camelCase)];

/** Some of an object's values. */
export const picked = (values: object, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));
