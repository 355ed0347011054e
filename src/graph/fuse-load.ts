import { MOST_FOLDED } from '../kernels/fold.js';
import { MOST_CONSTANTS } from '../kernels/pointwise.js';
import { type Expression, expressionOf, inlined } from './expression.js';
import { absorb, folded, type Graph, makerOf, movable, plain, sameShape } from './fuse-graph.js';
import { broughtBy, type FoldedAttrs } from './lower/folded.js';
import type { Tensor } from './tensor.js';

/** Makes the node at `place` compute what it loads through its hook. */
export function intoLoad(graph: Graph, place: number, tensor: Tensor): void {
  const reader = graph.items[place]!;
  const others = reader.inputs.filter((each) => each !== tensor);
  if (others.length < reader.inputs.length - 1 || !reader.inputs.every(graph.fits)) return;
  const made = movable(graph, tensor, place, tensor);
  if (!made) return;
  const given = reader.op.known?.(reader);
  const expression = knowing(graph, expressionOf(made), given);
  const attrs: FoldedAttrs = { base: reader, hook: 'load', replaced: tensor, given, expression };
  const brought = broughtBy(attrs);
  if (brought.length > MOST_FOLDED || expression.constants.length > MOST_CONSTANTS || !plain(brought, tensor)) return;
  absorb(graph, place, tensor, folded(reader, attrs, made, others));
}

/** An expression that computes what is a function of `given` alone, an activation, instead of reading it. */
function knowing(graph: Graph, expression: Expression, given: Tensor | undefined): Expression {
  return expression.tensors.reduce((known, tensor) => {
    const made = makerOf(graph, tensor);
    const simple = made?.op.elementwise && made.inputs.length > 0 && made.inputs.every((each) => each === given);
    return simple && sameShape(tensor, given!) ? inlined(known, tensor, expressionOf(made)) : known;
  }, expression);
}
