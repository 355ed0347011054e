import border from '../../shaders/border.wgsl';
import condition from '../../shaders/condition.wgsl';
import { groupsFor, type Kernel } from './kernel.js';
import { joined } from './wgsl.js';

const source = /* @__PURE__ */ joined(condition, border);

/** labels, ids, y. */
export const conditionKernel = (params: Record<string, number>, pixels: number): Kernel => ({
  name: 'condition.compare',
  source,
  constants: {},
  params,
  workgroups: groupsFor(pixels),
  flops: 0,
});
