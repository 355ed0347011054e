import { plan } from './plan.js';
import type * as full from './plan-for.js';

/** Where a page only paints nothing is forced, kept or measured, so that the prior decides. */
export const planFor: typeof full.planFor = async ({ limits, profile }, outputs, updates, { precise }) =>
  plan({ outputs, updates, limits, device: profile, precise });
