import { FAMILIES } from './lower/families.js';
import { NORMS } from './lower/norm-plane.js';
import { type Plan, sourcesOf } from './plan.js';
import type { CompileOptions, ProgramSpec } from './program.js';
import { GraphError, isTensor, refuse, type Tensor } from './tensor.js';

/** What only the whole graph of a spec tells. @throws GraphError */
export function checkSpec({ inputs = {}, outputs = {}, updates = [] }: ProgramSpec, p: Plan): void {
  const fed = new Set(Object.values(inputs));
  for (const [name, tensor] of Object.entries(inputs)) {
    if (!isTensor(tensor) || tensor.node.op.source !== 'input')
      refuse('compile', `inputs.${name}`, 'another tensor', 'one made by input()');
  }
  for (const node of sourcesOf(p, 'input')) {
    if (!fed.has(node.outputs[0]!))
      refuse(
        'compile',
        'inputs',
        `no name for an input of [${node.outputs[0]!.shape.join(', ')}]`,
        'every input that the outputs depend on',
      );
  }
  for (const [variable, value] of updates) {
    if (variable.shape.join() !== value.shape.join())
      refuse('compile', 'updates', value.shape, `[${variable.shape.join(', ')}], the shape of the variable`);
  }
  if (Object.keys(outputs).length + updates.length === 0)
    throw new GraphError('compile: outputs: got none, wanted at least one output or update');
}

/** Outputs, and variables that are updated. @throws GraphError */
export function checkTensors({ outputs = {}, updates = [] }: ProgramSpec): void {
  for (const [name, tensor] of Object.entries(outputs))
    if (!isTensor(tensor)) refuse('compile', `outputs.${name}`, tensor, 'a tensor');
  const targets = new Set<Tensor>();
  for (const [variable, value] of updates) {
    if (!isTensor(variable) || variable.node.op.source !== 'variable')
      refuse('compile', 'updates', 'another tensor', 'a variable');
    if (!isTensor(value)) refuse('compile', 'updates', value, 'a tensor');
    if (targets.has(variable)) refuse('compile', 'updates', 'one variable twice', 'each variable once');
    targets.add(variable);
  }
}

/** Candidates of ops that have some. @throws GraphError for an op that has none; a name that it does not know is refused where it is lowered */
export function checkForce(force: CompileOptions['force'] = {}): void {
  const ops: string[] = [...FAMILIES.map(({ op }) => op), ...NORMS];
  const odd = Object.keys(force).find((op) => !ops.includes(op));
  if (odd !== undefined) refuse('compile', 'force', odd, `one of: ${ops.join(', ')}`);
}
