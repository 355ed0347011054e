import type { Device } from '../../src/device/device.js';
import type { Tensor } from '../../src/engine.js';
import * as engine from '../../src/engine.js';
import { closeTo } from '../support/bounds.js';
import { type Case, type CaseMaker, type Operand, twinGradients, valuesOf } from '../support/cases/index.js';
import type { Ops } from '../support/ops.js';
import { randomFrom, values } from '../support/random.js';
import { type Arr, sizeOf } from '../twin/array.js';
import * as twin from '../twin/index.js';

const ops: Ops<Tensor> = engine;
const twinOps: Ops<Arr> = twin;

/** A case with everything that the comparison needs, before the device has seen it. */
type Trial = { label: string; c: Case; y: Arr; dy: Arr; stored: boolean };

function trialOf(name: string, make: CaseMaker, seed: number): Trial {
  const r = randomFrom(seed);
  const c = make(r);
  const y = c.call<Arr, Arr>(twinOps, valuesOf(c));
  // every other case keeps its parameters in variables, as training does
  return {
    label: `${name} seed ${seed} ${JSON.stringify(c.spec)}`,
    c,
    y,
    dy: values(r, y.shape),
    stored: seed % 2 === 1,
  };
}

/** The graph of many trials: one program, so that pipelines and submits are shared. */
type Batch = {
  inputs: Record<string, Tensor>;
  feeds: Record<string, Float32Array | Int32Array>;
  outputs: Record<string, Tensor>;
  variables: Tensor[];
};

const typed = ({ value, dtype }: Operand) =>
  dtype === 'i32' ? Int32Array.from(value.data) : Float32Array.from(value.data);

function feed(batch: Batch, operand: Operand): Tensor {
  const name = `in${Object.keys(batch.inputs).length}`;
  batch.feeds[name] = typed(operand);
  return (batch.inputs[name] = engine.input(operand.value.shape, operand.dtype));
}

function store(batch: Batch, { value }: Operand): Tensor {
  const variable = engine.variable(value.shape, Float32Array.from(value.data));
  batch.variables.push(variable);
  return variable;
}

function addTrial(batch: Batch, { c, dy, stored }: Trial, k: number): void {
  const operands = c.operands.map((operand, i) =>
    stored && i > 0 && operand.dtype === 'f32' ? store(batch, operand) : feed(batch, operand),
  );
  const y = c.call<Tensor, Tensor>(ops, operands);
  batch.outputs[`y${k}`] = y;
  if (!c.gradientBounds) return;
  const weights = feed(batch, { value: dy, dtype: 'f32', differentiable: false });
  const live = operands.filter((_, i) => c.operands[i].differentiable);
  engine.grad(engine.sum(engine.mul(y, weights)), live).forEach((g, i) => {
    batch.outputs[`g${k}_${i}`] = g;
  });
}

type Results = Record<string, ArrayLike<number>>;

/** Throws at the first result of a trial that is out of bounds. */
function compare({ label, c, y, dy }: Trial, k: number, results: Results): void {
  closeTo(results[`y${k}`], y, c.bound(y), label);
  if (!c.gradientBounds) return;
  const gradients = twinGradients(c, dy);
  const bounds = c.gradientBounds(dy, gradients);
  gradients.forEach((g, i) => {
    closeTo(results[`g${k}_${i}`], g, bounds[i], `${label} gradient ${i} [${g.shape}]`);
  });
}

const problemOf = (label: string, run: () => void): string[] => {
  try {
    run();
    return [];
  } catch (error) {
    const { message } = error as Error;
    return [message.startsWith(label) ? message : `${label}: ${message}`];
  }
};

/** Op → candidate, as to `compile`. */
type Force = Record<string, string>;

/** Elements a program may have in flight: keeps plans small and the twin's arrays young. */
const BATCH_ELEMENTS = 2e6;

async function runBatch(device: Device, trials: Trial[], force?: Force): Promise<string[]> {
  const batch: Batch = { inputs: {}, feeds: {}, outputs: {}, variables: [] };
  const refused = trials.map((trial, k) => problemOf(trial.label, () => addTrial(batch, trial, k)));
  const { inputs, outputs } = batch;
  const program = await engine.compile(device, { inputs, outputs }, { precise: true, force });
  const results = await program.run(batch.feeds);
  program.destroy();
  for (const variable of batch.variables) engine.destroy(device, variable);
  return trials.flatMap((trial, k) =>
    refused[k].length > 0 ? refused[k] : problemOf(trial.label, () => compare(trial, k, results)),
  );
}

const weightOf = ({ c, y }: Trial): number =>
  c.operands.reduce((n, { value }) => n + sizeOf(value.shape), y.data.length);

/**
 * Runs cases `first`…`first + count − 1` of an op, forward and all gradients, against the twin.
 * @returns what is wrong, one line a case.
 */
export async function checkOp(
  device: Device,
  name: string,
  make: CaseMaker,
  first: number,
  count: number,
): Promise<string[]> {
  return checkAll(
    device,
    Array.from({ length: count }, (_, i) => ({ name, make, seed: first + i })),
  );
}

export async function checkAll(
  device: Device,
  wanted: { name: string; make: CaseMaker; seed: number }[],
  { perProgram = 48, force }: { perProgram?: number; force?: Force } = {},
): Promise<string[]> {
  const problems: string[] = [];
  let trials: Trial[] = [];
  let weight = 0;
  const flush = async () => {
    if (trials.length > 0) problems.push(...(await runBatch(device, trials, force)));
    [trials, weight] = [[], 0];
  };
  for (const { name, make, seed } of wanted) {
    const trial = trialOf(name, make, seed);
    trials.push(trial);
    weight += weightOf(trial);
    if (trials.length >= perProgram || weight > BATCH_ELEMENTS) await flush();
  }
  await flush();
  return problems;
}

/** For an assertion: the first few problems. */
export const shown = (problems: string[]): string =>
  `${problems.length} cases are wrong:\n${problems.slice(0, 8).join('\n')}`;
