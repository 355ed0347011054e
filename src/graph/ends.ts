import type { Mapping } from '../kernels/pointwise.js';
import { endsKernel, MOST_SEGMENTS, SEGMENT, type Term } from '../kernels/reduce.js';
import { sizeOf } from './chunks.js';
import type { Place, Step } from './plan.js';
import { readersOf } from './schedule.js';
import { type Launch, rootOf, type Tensor } from './tensor.js';

/** Two levels of the tree of a sum. */
const MOST_ADDED = MOST_SEGMENTS * SEGMENT;

/**
 * Sums that meet in a scalar, as losses do, are ended where they meet: one dispatch adds up what each has left and computes what their
 * dispatches would have, to the same bits. Changes steps, and keeps the partial sums until then.
 *
 * @param shown what must exist, as it is read back or kept
 */
export function joinEnds(
  steps: readonly Step[],
  placeOf: (tensor: Tensor) => Place | undefined,
  shown: ReadonlySet<Tensor>,
): void {
  const makers = new Map(steps.flatMap((step) => step.node.outputs.map((tensor) => [tensor, step])));
  const readers = readersOf(steps.map(({ node }) => node));

  /** The launch that ends a sum which nothing else reads, where it has launches before. */
  const endOf = (tensor: Tensor): Launch | undefined => {
    const launches = makers.get(tensor)!.launches;
    const last = launches.at(-1);
    const alone = readers.get(tensor)!.length === 1 && !shown.has(rootOf(tensor));
    return alone && launches.length > 1 && last?.adds && sizeOf(last.adds.all.shape) <= MOST_ADDED ? last : undefined;
  };

  steps.forEach((step, at) => {
    const { node, launches } = step;
    const [out] = node.outputs;
    const [launch, ...more] = launches;
    if (!node.op.elementwise || !launch || more.length > 0 || sizeOf(out!.shape) !== 1) return;
    if (node.inputs.some(({ shape }) => sizeOf(shape) !== 1)) return;
    const ends = node.inputs.map(endOf);
    if (ends.every((end) => !end)) return;
    const terms = node.inputs.map((tensor, k): Term & { of: Tensor } => {
      const adds = ends[k]?.adds;
      return adds
        ? { of: adds.all, length: sizeOf(adds.all.shape), factor: adds.factor }
        : { of: tensor, length: 1, factor: 1 };
    });
    node.inputs.forEach((tensor, k) => {
      if (ends[k]) makers.get(tensor)!.launches.pop();
    });
    for (const { of } of terms) for (const { block } of placeOf(of)?.parts ?? []) block.last = Math.max(block.last, at);
    const whole = (tensor: Tensor) => ({ tensor, chunk: { index: 0, start: 0, end: sizeOf(tensor.shape), base: 0 } });
    step.launches = [
      {
        kernel: endsKernel(node.op.name, node.attrs as Mapping, terms),
        operands: {
          ...Object.fromEntries(terms.map(({ of }, k) => [`operand${k}`, whole(of)])),
          out: launch.operands.out!,
        },
      },
    ];
  });
}
