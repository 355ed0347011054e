import { camelCase } from '../options/option.js';
import { TRAIN_OPTIONS } from '../options/table.js';
import { KERNEL_OPTIONS } from './kernels.js';
import { VALIDATION_OPTIONS } from './validation.js';

/** What of train's command line holds when a run goes on: what decides the result, and the run's habits. By camelCase name. */
export const KEPT_OPTIONS: readonly string[] = [
  ...TRAIN_OPTIONS,
  ...KERNEL_OPTIONS,
  ...VALIDATION_OPTIONS,
  ...(['max-steps', 'print-freq', 'display-freq', 'save-latest-freq', 'save-epoch-freq'] as const),
].map(camelCase);

/** Some of an object's values. */
export const picked = (values: object, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));
