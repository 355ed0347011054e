import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Tensor } from '../../src/engine.js';
import * as engine from '../../src/engine.js';
import { pool2dShape } from '../twin/pool.js';
import { type Row, table } from './webnn.js';
import concat from './webnn-validation/concat.json';
import conv2d from './webnn-validation/conv2d.json';
import convTranspose2d from './webnn-validation/convTranspose2d.json';
import instanceNormalization from './webnn-validation/instanceNormalization.json';
import pad from './webnn-validation/pad.json';
import pooling from './webnn-validation/pooling.json';

/**
 * WebNN's validation cases against the graph builder: a case with an output must build to that shape, one without must
 * be refused with a message that names op and operand, what was got and what is wanted. Layouts are transposed here, as
 * in webnn.ts; float16 operands stand for float32 ones, for shapes do not depend on the type.
 */

type Operand = { dataType: string; shape: number[] };
type Options = {
  bias?: Operand;
  dilations?: number[];
  epsilon?: number;
  filterLayout?: string;
  groups?: number;
  inputLayout?: string;
  layout?: string;
  mode?: string;
  outputPadding?: [number, number];
  outputSizes?: number[];
  padding?: number[];
  roundingType?: string;
  scale?: Operand;
  strides?: [number, number];
  windowDimensions?: [number, number];
};
type Test = {
  name: string;
  input: Operand;
  inputs?: Operand[];
  filter: Operand;
  axis?: number;
  beginningPadding?: number[];
  endingPadding?: number[];
  options?: Options;
  output?: Operand;
};
/** Builds a case and gives the layout its result has; or says why it cannot be said here. */
type Build = (test: Test, options: Options) => { build: () => Tensor; layout?: string; op: string }[] | string;

const float = ({ shape, dataType }: Operand): Tensor => engine.input(shape, dataType === 'int32' ? 'i32' : 'f32');

const relayout = (shape: number[], from: string, to: string): number[] =>
  shape.length === 4 ? [...to].map((letter) => shape[from.indexOf(letter)]) : shape;

const inLayout = ({ shape, dataType }: Operand, from: string, to: string): Tensor =>
  float({ dataType, shape: relayout(shape, from, to) });

const sides = ([top, bottom, left, right]: number[] = [0, 0, 0, 0]): [number, number, number, number] => [
  top,
  left,
  bottom,
  right,
];

/** Options that are absent stay absent, the engine has the same defaults. */
const present = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;

const TWO_NUMBERS = '[h, w] is a padding here';

const spatial = (options: Options) => ({
  stride: options.strides,
  padding: sides(options.padding),
  dilation: options.dilations as [number, number] | undefined,
  groups: options.groups,
});

const buildConv2d: Build = ({ input, filter }, options) => {
  if (options.padding?.length === 2) return TWO_NUMBERS;
  const { inputLayout: layout = 'nchw', filterLayout = 'oihw' } = options;
  const x = inLayout(input, layout, 'nchw');
  const w = inLayout(filter, filterLayout, 'oihw');
  const b = options.bias ? float(options.bias) : null;
  return [{ op: 'conv2d', layout, build: () => engine.conv2d(x, w, b, present(spatial(options))) }];
};

/** The engine has outputPadding alone: what is missing to the wanted size, in range or not. */
function outputPaddingOf(x: Tensor, w: Tensor, options: Options): [number, number] | undefined {
  if (!options.outputSizes) return options.outputPadding;
  const p = sides(options.padding);
  return [0, 1].map((d) => {
    const stride = options.strides?.[d] ?? 1;
    const size = (x.shape[2 + d] - 1) * stride + (w.shape[2 + d] - 1) * (options.dilations?.[d] ?? 1) + 1;
    return options.outputSizes![d] - (size - p[d] - p[d + 2]);
  }) as [number, number];
}

const buildConvTranspose2d: Build = ({ input, filter }, options) => {
  if (options.padding?.length === 2) return TWO_NUMBERS;
  if (options.outputSizes && options.outputSizes.length !== 2) return 'no list of output sizes here';
  const { inputLayout: layout = 'nchw', filterLayout = 'iohw', groups = 1 } = options;
  const x = inLayout(input, layout, 'nchw');
  const w = inLayout(filter, filterLayout, 'iohw');
  // WebNN does not ask that the groups divide the input channels, torch does
  if (groups === 3 && x.shape[1] === 1) return 'groups that do not divide the channels';
  const b = options.bias ? float(options.bias) : null;
  const translated = present({ ...spatial(options), outputPadding: outputPaddingOf(x, w, options) });
  return [{ op: 'convTranspose2d', layout, build: () => engine.convTranspose2d(x, w, b, translated) }];
};

const buildPool: Build = ({ input, output }, options) => {
  if (options.padding?.length === 2) return TWO_NUMBERS;
  if (options.dilations) return 'dilated pooling';
  const { layout = 'nchw' } = options;
  const x = inLayout(input, layout, 'nchw');
  const base = present({
    kernel: options.windowDimensions ?? ([x.shape[2], x.shape[3]] as [number, number]),
    stride: options.strides ?? 1,
    padding: sides(options.padding),
  });
  if (options.outputSizes && !output) return 'no list of output sizes here';
  const ceilSize = pool2dShape([...x.shape], { ...base, ceilMode: true });
  const ceilMode = options.outputSizes
    ? `${ceilSize.slice(2)}` === `${options.outputSizes}`
    : options.roundingType === 'ceil';
  return [
    { op: 'avgPool2d', layout, build: () => engine.avgPool2d(x, { ...base, ceilMode }) },
    { op: 'maxPool2d', layout, build: () => engine.maxPool2d(x, { ...base, ceilMode }) },
  ];
};

const buildInstanceNorm: Build = ({ input }, options) => {
  const operands = [input, options.scale, options.bias].filter((o) => o !== undefined);
  if (new Set(operands.map((o) => o.dataType)).has('float16') && operands.length > 1) return 'float16 beside float32';
  if (input.shape.length === 5) return 'instance norm of any rank here';
  const { layout = 'nchw' } = options;
  const x = inLayout(input, layout, 'nchw');
  const translated = present({
    eps: options.epsilon,
    weight: options.scale && float(options.scale),
    bias: options.bias && float(options.bias),
  });
  return [{ op: 'instanceNorm', layout, build: () => engine.instanceNorm(x, translated) }];
};

const buildConcat: Build = ({ inputs = [], axis = 0 }) => [
  { op: 'concat', build: () => engine.concat(inputs.map(float), axis) },
];

const REFLECT = ['reflectionPad2d', engine.reflectionPad2d] as const;
const ZERO = ['zeroPad2d', engine.zeroPad2d] as const;

/** The last two axes become those of an image. */
const buildPad: Build = ({ input, beginningPadding = [], endingPadding = [] }, { mode = 'constant' }) => {
  if (mode === 'edge') return 'padding mode edge';
  const [op, apply] = mode === 'reflection' ? REFLECT : ZERO;
  const padding = [...beginningPadding, ...endingPadding] as [number, number, number, number];
  const image = () => (input.shape.length === 2 ? engine.reshape(float(input), [1, 1, ...input.shape]) : float(input));
  const back = (y: Tensor) => engine.reshape(y, y.shape.slice(2));
  return [{ op, build: () => back(apply(image(), padding)) }];
};

const KINDS: Record<string, [{ tests: unknown[] }, Build]> = {
  concat: [concat, buildConcat],
  conv2d: [conv2d, buildConv2d],
  convTranspose2d: [convTranspose2d, buildConvTranspose2d],
  instanceNormalization: [instanceNormalization, buildInstanceNorm],
  pad: [pad, buildPad],
  pooling: [pooling, buildPool],
};

/** What a message must be about, by what the case's name is about. */
const SUBJECTS: [RegExp, RegExp][] = [
  [/stride/i, /stride/],
  [/padding/i, /padding/i],
  [/dilation|overflow|underflow/i, /dilation|size|kernel|w\b/],
  [/groups/i, /groups|channels/],
  // some of these cases have a filter that does not fit either, which is found first
  [/bias/i, /\b[bw]\b|bias|weight/],
  [/scale/i, /weight/],
  [/filter/i, /\bw\b|channels/],
  [/window/i, /kernel|size/],
  [/axis/i, /axis|shape|xs/],
  [/input/i, /\bx\b|\bxs\b|input|kernel|size/],
];

function refusal(op: string, name: string, build: () => Tensor): void {
  try {
    const y = build();
    assert.unreachable(`${name}: built to [${y.shape}], should be refused`);
  } catch (error) {
    if (error instanceof assert.Assertion) throw error;
    const { message } = error as Error;
    assert.match(message, new RegExp(`^${op}: .+: got .+, wanted .+`, 's'), `${name}: the message was "${message}"`);
    const subject = SUBJECTS.find(([about]) => about.test(name));
    if (subject) assert.match(message, subject[1], `${name}: the message was "${message}"`);
  }
}

const validation = suite('webnn validation: the graph builder');
const rows: Row[] = [];
const seen = { refused: 0, built: 0 };

for (const [kind, [{ tests }, translate]] of Object.entries(KINDS)) {
  const row: Row = { kind, run: 0, outOfScope: {} };
  rows.push(row);
  for (const test of tests as Test[]) {
    const made = translate(test, test.options ?? {});
    if (typeof made === 'string') {
      row.outOfScope[made] = (row.outOfScope[made] ?? 0) + 1;
      continue;
    }
    row.run++;
    seen[test.output ? 'built' : 'refused']++;
    validation(`${kind}: ${test.name}`, () => {
      for (const { build, layout = 'nchw', op } of made) {
        if (test.output) assert.equal([...build().shape], relayout(test.output.shape, layout, 'nchw'), op);
        else refusal(op, test.name, build);
      }
    });
  }
}

validation('counts', () => {
  console.log(`\n${table(rows)}\nrefused ${seen.refused}, built ${seen.built}`);
  assert.equal(seen, { refused: 94, built: 50 });
});

validation.run();
