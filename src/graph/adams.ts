import { type AdamPart, type AdamRates, adamSteps, isWide, MOST_PARTS } from '../kernels/adam.js';
import { besideOf, bytesBeside, offsetBeside } from './beside.js';
import { sizeOf } from './chunks.js';
import type { Place, Step } from './plan.js';
import { lasts } from './schedule.js';
import { type Launch, rootOf, type Tensor } from './tensor.js';

/** A step of Adam in one launch. */
interface Single {
  step: Step;
  at: number;
}

const [W, G, M, V, SCALARS] = [0, 1, 2, 3, 4] as const;

/** Steps of Adam whose results all go straight into their variables, by the buffer that their moments share. */
function singlesByBuffer(
  steps: readonly Step[],
  direct: ReadonlyMap<Tensor, Tensor>,
): Map<readonly Tensor[], Single[]> {
  const found = new Map<readonly Tensor[], Single[]>();
  steps.forEach((step, at) => {
    const { op, inputs, outputs } = step.node;
    if (op.name !== 'adam' || step.launches.length !== 1) return;
    const places = [inputs[W], inputs[M], inputs[V]];
    if (outputs.some((next, k) => direct.get(next) !== places[k])) return;
    const buffer = besideOf(inputs[M]!);
    found.set(buffer, [...(found.get(buffer) ?? []), { step, at }]);
  });
  return found;
}

/** Whether a step may as well run at `later`: until then nothing reads what it writes, or writes what it reads. */
function mayWait(
  { step, at }: Single,
  later: number,
  steps: readonly Step[],
  direct: ReadonlyMap<Tensor, Tensor>,
  placeOf: (tensor: Tensor) => Place | undefined,
): boolean {
  const { inputs, outputs } = step.node;
  const read = new Set(inputs.map(rootOf));
  const apart = ({ node }: Step) =>
    node.inputs.every((tensor) => !outputs.includes(rootOf(tensor))) &&
    node.outputs.every((tensor) => !read.has(direct.get(tensor)!));
  return steps.slice(at + 1, later).every(apart) && lasts(inputs, steps, [at, later], placeOf);
}

function joinedLaunch(singles: readonly Single[]): Launch {
  const { inputs, attrs } = singles[0]!.step.node;
  const buffer = besideOf(inputs[M]!);
  const parts = singles.map(
    ({ step: { node } }): AdamPart => ({
      count: sizeOf(node.inputs[W]!.shape),
      m: offsetBeside(node.inputs[M]!) / 4,
      v: offsetBeside(node.inputs[V]!) / 4,
    }),
  );
  const own = singles.flatMap(({ step: { launches } }, k) => {
    const { w, g } = launches[0]!.operands;
    return [
      [`w${k}`, w!],
      [`g${k}`, g!],
    ] as const;
  });
  const { scalars } = singles[0]!.step.launches[0]!.operands;
  return {
    kernel: adamSteps(parts, attrs as AdamRates),
    operands: {
      ...Object.fromEntries(own),
      moments: { tensor: buffer[0]!, chunk: { index: 0, start: 0, end: bytesBeside(buffer[0]!) / 4, base: 0 } },
      scalars: scalars!,
    },
  };
}

/**
 * Adam on the parameters whose moments share a buffer is one dispatch, where the last of them has its gradient; the others' gradients are kept
 * until then. The same bits. Changes steps.
 */
export function joinAdams(
  steps: readonly Step[],
  placeOf: (tensor: Tensor) => Place | undefined,
  direct: ReadonlyMap<Tensor, Tensor>,
): void {
  for (const all of singlesByBuffer(steps, direct).values()) {
    const last = all.at(-1)!;
    const alike = ({ step: { node } }: Single) =>
      node.inputs[SCALARS] === last.step.node.inputs[SCALARS] &&
      JSON.stringify(node.attrs) === JSON.stringify(last.step.node.attrs) &&
      isWide(sizeOf(node.inputs[W]!.shape)) === isWide(sizeOf(last.step.node.inputs[W]!.shape));
    const singles = all
      .filter((each) => each === last || (alike(each) && mayWait(each, last.at, steps, direct, placeOf)))
      .slice(-MOST_PARTS);
    if (singles.length < 2) continue;
    const launch = joinedLaunch(singles);
    for (const { step } of singles) {
      step.launches = [];
      for (const { block } of placeOf(step.node.inputs[G]!)?.parts ?? []) block.last = Math.max(block.last, last.at);
    }
    last.step.launches = [launch];
  }
}
