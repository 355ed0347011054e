import type { Mapping } from '../kernels/pointwise.js';
import { endsKernel, MOST_SEGMENTS, SEGMENT } from '../kernels/reduce.js';
import { sizeOf } from './chunks.js';
import type { Place, PlanRequest, Step } from './plan.js';
import { readersOf, targetsOf } from './schedule.js';
import { type Launch, rootOf, type Tensor, type View } from './tensor.js';

/** Two levels of the tree of a sum. */
const MOST_ADDED = MOST_SEGMENTS * SEGMENT;

type Adds = NonNullable<Launch['adds']>;

/** Whether a step is one dispatch that makes a scalar of scalars. */
const isScalar = ({ node, launches }: Step): boolean =>
  node.op.elementwise === true &&
  launches.length === 1 &&
  [...node.inputs, ...node.outputs].every(({ shape }) => sizeOf(shape) === 1);

const whole = (tensor: Tensor): View => ({ tensor, chunk: { index: 0, start: 0, end: sizeOf(tensor.shape), base: 0 } });

/** A scalar's dispatch that adds up first what its operands are sums of. */
function endingLaunch({ node, launches: [launch] }: Step, terms: readonly Adds[]): Launch {
  const lengths = terms.map(({ all, factor }) => ({ length: sizeOf(all.shape), factor }));
  const views = terms.map(({ all }, k) => [`operand${k}`, whole(all)] as const);
  return {
    kernel: endsKernel(node.op.name, node.attrs as Mapping, lengths),
    operands: { ...Object.fromEntries(views), out: launch!.operands.out! },
  };
}

/**
 * Sums that meet in a scalar, as losses do, are ended where they meet: one dispatch adds up what each has left and computes what their
 * dispatches would have, to the same bits. Changes steps, and keeps the partial sums until then.
 */
export function joinEnds(
  steps: readonly Step[],
  placeOf: (tensor: Tensor) => Place | undefined,
  request: Pick<PlanRequest, 'outputs' | 'updates'>,
): void {
  const makers = new Map(steps.flatMap((step) => step.node.outputs.map((tensor) => [tensor, step])));
  const readers = readersOf(steps.map(({ node }) => node));
  const kept = targetsOf(request);
  /** What is left of a sum before its last launch, where nothing else reads it and it has more. */
  const leftOf = (tensor: Tensor): Adds | undefined => {
    const { launches } = makers.get(tensor)!;
    const adds = launches.length > 1 ? launches.at(-1)!.adds : undefined;
    const alone = readers.get(tensor)!.length === 1 && !kept.has(rootOf(tensor));
    return adds && alone && sizeOf(adds.all.shape) <= MOST_ADDED ? adds : undefined;
  };
  steps.forEach((step, at) => {
    if (!isScalar(step)) return;
    const left = step.node.inputs.map(leftOf);
    if (left.every((adds) => !adds)) return;
    const terms = step.node.inputs.map((tensor, k) => left[k] ?? { all: tensor, factor: 1 });
    step.launches = [endingLaunch(step, terms)];
    const ended = new Set(step.node.inputs.filter((_, k) => left[k]));
    for (const tensor of ended) makers.get(tensor)!.launches.pop();
    for (const { all } of terms)
      for (const { block } of placeOf(all)?.parts ?? []) block.last = Math.max(block.last, at);
  });
}
