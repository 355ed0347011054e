/** Tensors by name. */
interface Named {
  read(name: string): Float32Array;
}

/** Of Inception's batch norms. */
const EPS = 1e-3;

/** A batch norm that is evaluated is a factor and a summand for every channel: both go into the convolution before it. */
function foldedNorm(file: Named, layer: string) {
  const part = (name: string) => file.read(`${layer}.bn.${name}`);
  const variance = part('running_var');
  const factor = Float64Array.from(part('weight'), (scale, c) => scale / Math.sqrt(variance[c]! + EPS));
  const mean = part('running_mean');
  return { factor, bias: part('bias').map((shift, c) => shift - mean[c]! * factor[c]!) };
}

/** The net's tensor of that name, with the batch norm in it. */
export function foldedTensor(file: Named, name: string): Float32Array {
  const layer = name.slice(0, name.lastIndexOf('.'));
  const { factor, bias } = foldedNorm(file, layer);
  if (name.endsWith('.bias')) return bias;
  const weights = file.read(`${layer}.conv.weight`).slice();
  const perOutput = weights.length / factor.length;
  for (const [output, by] of factor.entries()) {
    for (let i = output * perOutput; i < (output + 1) * perOutput; i++) weights[i]! *= by;
  }
  return weights;
}
