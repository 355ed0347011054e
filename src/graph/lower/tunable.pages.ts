import type { Tunable } from '../tensor.js';
import { isAllowed } from './candidates.js';
import { specOf } from './spec.js';
import type * as full from './tunable.js';

/** What choosing in a page asks for, where nothing is measured. */
export const tunableOf: typeof full.tunableOf = (family, _, shape, device, precise) =>
  ({
    spec: specOf(family.op, shape),
    prior: family.prior(shape, device, precise),
    allowed: (name) => isAllowed(family, shape, precise, name),
  }) as Tunable;
