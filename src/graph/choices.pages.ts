import type * as full from './choices.js';
import { refuse } from './tensor.js';

/** Pages load what GPUs and their tabs start with, of which nothing is measured: what was chosen before, else the prior's. */
export const choose: typeof full.choose = async (device, nodes, { precise = false, tune = 'off', choices = {} }) => {
  if (tune !== 'off') refuse('compile', 'tune', tune, "'off': pages hold too few candidates to choose among");
  for (const node of nodes) {
    const tunable = node.op.tunable?.(node, device.profile, precise);
    if (!tunable) continue;
    const { spec, allowed, prior } = tunable;
    const before = choices[spec];
    if (before === undefined || !allowed(before)) choices[spec] = prior;
  }
  return choices;
};
