import { joinKernels, mayStandTogether, secondName } from '../kernels/horizontal.js';
import type { Step } from './plan.js';
import { copyMadeBy } from './share.js';
import { type Launch, rootOf, type View } from './tensor.js';

const isSame = (a: View, b: View): boolean => a.tensor === b.tensor && a.chunk.index === b.chunk.index;

/**
 * Both fill temporaries of their node, neither of which the other sees. What both read is bound once, so it has to be the same. Two launches of one
 * kernel are not joined: the second is there for some sizes only, such as a copy of rows that are no whole vec4, and pictures of other sizes would
 * compile a pipeline more.
 */
function areApart(a: Launch, b: Launch): boolean {
  if (a.kernel.name === b.kernel.name) return false;
  const made = [a, b].map((launch) => copyMadeBy(launch)?.tensor);
  if (made.includes(undefined)) return false;
  return Object.values(a.operands).every((one) =>
    Object.values(b.operands).every(
      (other) => rootOf(one.tensor) !== rootOf(other.tensor) || (isSame(one, other) && !made.includes(one.tensor)),
    ),
  );
}

const joined = (a: Launch, b: Launch): Launch => ({
  kernel: joinKernels(a.kernel, b.kernel),
  operands: {
    ...a.operands,
    ...Object.fromEntries(Object.entries(b.operands).map(([name, view]) => [secondName(name), view])),
  },
});

/**
 * What a convolution prepares its sums with, such as the transforms of pixels and of weights, is one dispatch: neither waits for the other, and
 * small planes leave a device's threads idle. Changes steps.
 */
export function fuseHorizontally(steps: readonly Step[]): void {
  for (const step of steps) {
    const launches: Launch[] = [];
    for (const launch of step.launches) {
      const last = launches.at(-1);
      const fits = last && areApart(last, launch) && mayStandTogether(last.kernel, launch.kernel);
      if (fits) launches.splice(-1, 1, joined(last, launch));
      else launches.push(launch);
    }
    step.launches = launches;
  }
}
