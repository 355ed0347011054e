import { conditionKernel } from '../../kernels/condition.js';
import { planeOf } from '../chunks.js';
import { view, whole } from '../lower/slices.js';
import { apply, type Launch, type Lowering, type Node, type Op, type Tensor } from '../tensor.js';

/** What is fed to a generator, by the names of encode-input.ts: i32 maps of ids, f32 planes; of one picture. */
type Fed = Partial<Record<'labels' | 'instances' | 'input' | 'features', Tensor>>;

interface Condition {
  classes: number;
  /** Plane of the borders between instances. */
  edges: number;
  /** Operands that are planes already, and where they lie: their memory is the result's. */
  laid: readonly (readonly [planes: Tensor, first: number])[];
}

function lower({ inputs, outputs, attrs: { classes, edges } }: Node<Condition>, plan: Lowering): Launch[] {
  const y = outputs[0]!;
  const [labels, instances = labels] = inputs.filter(({ dtype }) => dtype === 'i32');
  if (!labels || !instances) return [];
  const [height, width] = y.shape.slice(2) as [number, number];
  const area = planeOf(y.shape);
  return plan.chunks(y).map((chunk) => {
    const [first, end] = [chunk.start / area, chunk.end / area];
    const params = { first, planes: end - first, yBase: chunk.base, classes, edges, height, width };
    return {
      kernel: conditionKernel(params, area),
      operands: { labels: whole(plan, labels), ids: whole(plan, instances), y: view(y, chunk) },
    };
  });
}

export const conditionOp: Op<Condition> = { name: 'condition', lower };

/**
 * A generator's input f32 [1, channels, H, W] in one pass: labels as one-hot planes, or `input`; the borders between instances; features.
 * Planes that are fed are so where they stay: nothing is copied.
 */
export function condition(fed: Fed, classes: number): Tensor {
  const { labels, instances, input, features } = fed;
  const borders = input?.shape[1] ?? classes;
  const behind = borders + (instances ? 1 : 0);
  const [, , height, width] = (labels ?? input)!.shape as [number, number, number, number];
  const laid = [...(input ? [[input, 0] as const] : []), ...(features ? [[features, behind] as const] : [])];
  const attrs = { classes, edges: instances ? borders : -1, laid };
  const shape = [1, behind + (features?.shape[1] ?? 0), height, width];
  return apply(conditionOp, Object.values(fed), attrs, { shape })[0]!;
}
