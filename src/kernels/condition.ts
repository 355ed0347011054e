import source from '../../shaders/condition.wgsl';
import { groupsFor, type Kernel } from './kernel.js';

/** labels, instances, y. */
export const conditionKernel = (params: Record<string, number>, pixels: number): Kernel => ({
  name: 'condition.compare',
  source,
  constants: {},
  params,
  workgroups: groupsFor(pixels),
  flops: 0,
});
