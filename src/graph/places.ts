// Where tensors lie: each has a place for as long as it lives, and is given it when its node has been lowered.

import { MemoryError } from '../errors.js';
import { sizeOf } from './chunks.js';
import { bytesFor, halves } from './half.js';
import type { Layout } from './lay.js';
import type { Place, PlanRequest, Step } from './plan.js';
import { bytesOf } from './storage.js';
import { type Launch, type Node, rootOf, type Tensor } from './tensor.js';

const ALIGN = 256;
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGN) * ALIGN;

export const isVariable = (tensor: Tensor): boolean => tensor.node.op.source === 'variable';

/** First and last step at which each root is touched; outputs live to the end. */
function lastUses(
  nodes: readonly Node[],
  outputs: readonly Tensor[],
  root: (tensor: Tensor) => Tensor,
): Map<Tensor, number> {
  const last = new Map<Tensor, number>();
  nodes.forEach((node, step) => {
    for (const tensor of [...node.inputs, ...node.outputs]) last.set(root(tensor), step);
  });
  for (const tensor of outputs) last.set(root(tensor), nodes.length);
  return last;
}

/**
 * Whether the launches have read all they need of `from` before they write `to`: so it is where a convolution first makes a copy of
 * its own, padded or in tiles.
 */
function readBeforeWritten(launches: readonly Launch[], from: Tensor, to: Tensor): boolean {
  const uses = (root: Tensor) => (launch: Launch) =>
    Object.values(launch.operands).some(({ tensor }) => rootOf(tensor) === root);
  return launches.findLastIndex(uses(from)) < launches.findIndex(uses(to));
}

/** Operand whose memory a node's first output may take over: of its size and precision, in the arena, dead afterwards. */
function donor(
  { node, launches }: Step,
  step: number,
  last: Map<Tensor, number>,
  fixed: (root: Tensor) => boolean,
  isHalf: (root: Tensor) => boolean,
): Tensor | undefined {
  const output = node.outputs[0]!;
  return node.inputs.find((input) => {
    const root = rootOf(input);
    const same = input.shape.join() === output.shape.join() && sizeOf(root.shape) === sizeOf(input.shape);
    if (isHalf(root) !== isHalf(output)) return false;
    const free = !fixed(root) && last.get(root) === step;
    return same && free && (node.op.inPlace || readBeforeWritten(launches, root, output));
  });
}

const named = ({ shape }: Tensor): string => `[${shape.join(', ')}]`;

function checkVariable(variable: Tensor, maxBufferSize: number): void {
  if (bytesOf(variable) <= maxBufferSize) return;
  throw new MemoryError(
    `weights of ${named(variable)} take ${bytesOf(variable)} bytes, the device's largest buffer is ${maxBufferSize}`,
    { fix: 'Use fewer filters (--ngf, --ndf, --nef)' },
  );
}

export interface Places {
  places: Map<Tensor, Place>;
  /** Whether the memory of a root holds halves. */
  isHalf(root: Tensor): boolean;
  /** Gives a temporary its place, for one step. */
  lend(tensor: Tensor, step: number, half: boolean): Tensor;
  /** Gives what a step makes its places: that of an operand that dies there, or new ones. @throws MemoryError */
  place(made: Step, step: number): void;
}

/**
 * @param direct values that are written straight into a variable
 * @param read what is still read behind the last step
 */
export function createPlaces(
  { outputs, updates, limits: { maxBufferSize }, precision = 'f32', guardBytes = 0 }: PlanRequest,
  { nodes, root, chunks }: Layout,
  direct: ReadonlyMap<Tensor, Tensor>,
  read: readonly Tensor[],
): Places {
  const places = new Map<Tensor, Place>();
  const last = lastUses(nodes, read, root);
  const fixed = (memory: Tensor) => isVariable(memory) || direct.has(memory);
  const keep = new Set(outputs.map(rootOf));
  const stored = halves(precision, nodes, [...outputs, ...updates.map(([, value]) => value)]);
  /** Temporaries of one node, and whether they hold halves. */
  const temporaries = new Map<Tensor, boolean>();
  const isHalf = (root: Tensor) => temporaries.get(root) ?? stored(root);

  /** A tensor larger than a buffer lies in as many pieces as it has chunks, wherever there is room for each. */
  const allocate = (tensor: Tensor, first: number, end: number, scratch: boolean) => {
    // Guards stay readable only where nothing shares their place.
    const life = guardBytes > 0 ? { first: -1, last: nodes.length } : { first, last: end };
    const whole = { index: 0, start: 0, end: sizeOf(tensor.shape), base: 0 };
    const bytesIn = (elements: number) => bytesFor(elements, isHalf(tensor)) + guardBytes;
    const parts = bytesIn(whole.end) > maxBufferSize ? chunks(tensor) : [whole];
    const blocks = parts.map((chunk) => {
      const bytes = aligned(bytesIn(chunk.end - chunk.base));
      return { chunk, block: { bytes, ...life, offset: 0 } };
    });
    places.set(tensor, { parts: blocks, scratch });
  };
  /** Another shape is cut at other places. */
  const checkAlias = (alias: Tensor, memory: Tensor) => {
    const ends = (tensor: Tensor) => chunks(tensor).map((chunk) => chunk.end);
    if ((places.get(memory)?.parts.length ?? 1) === 1 || ends(alias).join() === ends(memory).join()) return;
    throw new MemoryError(
      `a tensor of ${named(memory)} is larger than a buffer of this device, ${maxBufferSize} bytes, and cannot be seen as ${named(alias)}`,
    );
  };
  const placeOutput = (made: Step, step: number, output: Tensor) => {
    const memory = root(output);
    const { source } = made.node.op;
    if (isVariable(memory)) checkVariable(memory, maxBufferSize);
    // What is fed into another tensor is copied piece by piece.
    if (memory !== output && !source) checkAlias(output, memory);
    if (places.has(memory) || fixed(memory)) return;
    const end = last.get(memory)!;
    const own = memory === output && !source && output.output === 0;
    const from = own ? donor(made, step, last, fixed, isHalf) : undefined;
    const given = from && !keep.has(rootOf(from)) ? places.get(rootOf(from)) : undefined;
    if (!given) return allocate(memory, source ? -1 : step, end, false);
    for (const { block } of given.parts) block.last = end;
    places.set(memory, given);
  };
  return {
    places,
    isHalf,
    lend(tensor, step, half) {
      temporaries.set(tensor, half);
      allocate(tensor, step, step, true);
      return tensor;
    },
    place: (made, step) => made.node.outputs.forEach((output) => placeOutput(made, step, output)),
  };
}
