import { constantsOf, type Mapping, MOST_CONSTANTS, MOST_TENSORS } from '../kernels/pointwise.js';
import { endsKernel, MOST_SEGMENTS, SEGMENT } from '../kernels/reduce.js';
import { sizeOf } from './chunks.js';
import type { Place, PlanRequest, Step } from './plan.js';
import { lasts, readersOf, targetsOf } from './schedule.js';
import { type Launch, rootOf, type Tensor } from './tensor.js';

/** Elements of what is left of a sum: two levels of its tree; and of one that is nothing but its end, which others wait for. */
const MOST_LEFT = MOST_SEGMENTS * SEGMENT;
const MOST_AT_ONCE = 2 ** 12;

type Adds = NonNullable<Launch['adds']>;

/** Whether a step is one dispatch that makes a scalar of scalars. */
const isScalar = ({ node, launches }: Step): boolean =>
  node.op.elementwise === true &&
  launches.length === 1 &&
  [...node.inputs, ...node.outputs].every(({ shape }) => sizeOf(shape) === 1);

/** A variable may be another one by then. */
const isTemporary = (tensor: Tensor): boolean => rootOf(tensor).node.op.source !== 'variable';

/** A scalar as a sum of one. */
const single = (tensor: Tensor): Adds => ({
  views: [{ tensor, chunk: { index: 0, start: 0, end: 1, base: 0 } }],
  term: { mapping: { expression: 'a', operands: [['a', null]] }, base: 0, length: 1, factor: 1 },
});

/** A scalar's dispatch that adds up first what its operands are sums of; undefined where that takes more bindings or constants than there are. */
function endingLaunch({ node, launches: [launch] }: Step, sums: readonly Adds[]): Launch | undefined {
  const mapping = node.attrs as Mapping;
  const terms = sums.map(({ term }) => term);
  const views = sums.flatMap((each) => each.views);
  const constants = [mapping, ...terms.map((term) => term.mapping)].flatMap(constantsOf);
  if (views.length > MOST_TENSORS || constants.length > MOST_CONSTANTS) return undefined;
  return {
    kernel: endsKernel(node.op.name, mapping, terms),
    operands: {
      ...Object.fromEntries(views.map((view, k) => [`operand${k}`, view])),
      out: launch!.operands.out!,
    },
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
  const makers = new Map(steps.flatMap(({ node }, at) => node.outputs.map((tensor) => [tensor, at])));
  const readers = readersOf(steps.map(({ node }) => node));
  const kept = targetsOf(request);
  /** What is left of a sum before its last launch, where nothing else reads it. */
  const leftOf = (tensor: Tensor, at: number): Adds | undefined => {
    const made = makers.get(tensor)!;
    const { launches } = steps[made]!;
    const adds = launches.at(-1)?.adds;
    const alone = readers.get(tensor)!.length === 1 && !kept.has(rootOf(tensor));
    if (!adds || !alone || adds.term.length > (launches.length > 1 ? MOST_LEFT : MOST_AT_ONCE)) return undefined;
    const read = adds.views.map((view) => view.tensor);
    return lasts(read, steps, [made, at], placeOf) && read.every(isTemporary) ? adds : undefined;
  };
  steps.forEach((step, at) => {
    if (!isScalar(step)) return;
    const left = step.node.inputs.map((tensor) => leftOf(tensor, at));
    const launch = endingLaunch(
      step,
      step.node.inputs.map((tensor, k) => left[k] ?? single(tensor)),
    );
    if (!launch || left.every((adds) => !adds)) return;
    step.launches = [launch];
    const ended = new Set(step.node.inputs.filter((_, k) => left[k]));
    for (const tensor of ended) steps[makers.get(tensor)!]!.launches.pop();
    for (const { tensor } of Object.values(launch.operands))
      for (const { block } of placeOf(tensor)?.parts ?? []) block.last = Math.max(block.last, at);
  });
}
