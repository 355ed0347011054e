import { type Tensor, variable } from '../engine.js';

/**
 * What a tensor of a state dict is. `mean`, `variance` and `count` are batch norm's running buffers: the reference keeps but
 * never reads them (it never leaves training mode), so they only travel with the checkpoint.
 */
export type Role = 'weight' | 'bias' | 'scale' | 'shift' | 'mean' | 'variance' | 'count';

/** One tensor of a net: its description is shared by initialisation, checkpoints and the inference of architectures. */
export interface Parameter {
  /** The reference's state-dict key. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly role: Role;
  /** Products summed for one output, as torch counts them; 0 outside convolutions. */
  readonly fanIn: number;
  /** False for what no output depends on: buffers, and convolution biases that an instance norm cancels. */
  readonly trained: boolean;
}

/** What torch calls buffers: no optimiser sees them. */
export const isBuffer = ({ role }: Parameter): boolean => role === 'mean' || role === 'variance' || role === 'count';

/** Finds a net's tensor by its state-dict key. */
export type Lookup = (name: string) => Tensor;

/** A net: tensors by name, in state-dict order, and a pure function of its input and those tensors. */
export interface Net<Output> {
  readonly parameters: readonly Parameter[];
  forward(x: Tensor, params: Lookup): Output;
}

/** Shapes by name. */
export const shapesOf = (parameters: readonly Parameter[]): Map<string, readonly number[]> =>
  new Map(parameters.map(({ name, shape }) => [name, shape]));

export type Variables = Readonly<Record<string, Tensor>>;

/** First values of a tensor; a function is called when the tensor first reaches a device, so that no net is on the host whole. */
export type Values = (parameter: Parameter, index: number) => Float32Array | (() => Float32Array);

/**
 * One variable per parameter. Memory is taken when a program first uses one: untrained biases never take any.
 * @param half stored as half floats; for nets that are not trained
 */
export const createVariables = (parameters: readonly Parameter[], values: Values, half = false): Variables =>
  Object.fromEntries(parameters.map((p, index) => [p.name, variable(p.shape, values(p, index), half)]));

/** @throws Error for a name that the net does not declare: an error of the net's own description. */
export const lookup =
  (variables: Variables): Lookup =>
  (name) => {
    const found = variables[name];
    if (!found) throw new Error(`no tensor ${name} among the net's parameters`);
    return found;
  };
