import type { OptionSpec } from './option.js';

const PLACES = "The reference's places";
const REFERENCE = "The reference's other options";

const ONE_GPU = 'one GPU is used; --adapter chooses it';
const F32 = 'sums are always f32; --precision f16 stores what lies between kernels as half floats';
const LOG = "the run's folder has log.jsonl and samples/ instead";
const TENSORRT = 'its TensorRT helper never worked; export CHECKPOINT --format onnx writes a model for other runtimes';

/**
 * Options that a command line of the reference may hold and that have no row of their own here: where things lie by its habits, and what
 * changes nothing or is refused, each with its reason.
 */
export const REFERENCE_OPTIONS = {
  dataroot: { type: 'text', group: PLACES, value: 'DIR', help: 'the same as DATAROOT' },
  name: { type: 'text', group: PLACES, help: 'name of the run: its folder is CHECKPOINTS_DIR/NAME' },
  'checkpoints-dir': {
    type: 'text',
    group: PLACES,
    default: './checkpoints',
    value: 'DIR',
    help: 'folder of the runs that have a --name',
  },
  'results-dir': {
    type: 'text',
    group: PLACES,
    default: './results',
    value: 'DIR',
    help: 'folder for pictures of runs that have a --name',
  },
  'how-many': { type: 'integer', group: PLACES, min: 1, help: 'paint at most so many pictures' },
  debug: {
    type: 'flag',
    group: REFERENCE,
    help: 'a quick look whether all works: one epoch of at most 10 pictures, all of it shown and logged',
  },

  'gpu-ids': { type: 'text', group: REFERENCE, help: 'numbers of GPUs', without: ONE_GPU },
  'local-rank': { type: 'integer', group: REFERENCE, help: 'number of a process', without: ONE_GPU },
  fp16: { type: 'flag', group: REFERENCE, help: 'mixed precision', without: F32 },
  'data-type': { type: 'integer', group: REFERENCE, help: 'bits of the numbers', without: F32 },
  verbose: { type: 'flag', group: REFERENCE, help: 'print the nets', without: 'PIX2PIXHD_DEBUG=1 prints programs' },
  'no-html': { type: 'flag', group: REFERENCE, help: 'no web page', without: LOG },
  'tf-log': { type: 'flag', group: REFERENCE, help: 'the same as --tensorboard' },
  'display-winsize': {
    type: 'integer',
    group: REFERENCE,
    help: 'width of shown pictures',
    without: 'pictures are shown as they are',
  },
  model: {
    type: 'text',
    group: REFERENCE,
    choices: ['pix2pixHD'],
    help: 'kind of model',
    without: 'there is this one',
  },

  'use-dropout': {
    type: 'flag',
    group: REFERENCE,
    help: 'dropout in the blocks',
    refused: 'the reference never passes it on to its nets',
  },
  ntest: {
    type: 'integer',
    group: REFERENCE,
    help: 'number of test pictures',
    refused: 'the reference never reads it; --how-many is what it means',
  },
  'aspect-ratio': {
    type: 'number',
    group: REFERENCE,
    help: 'shape of results',
    refused: 'the reference never reads it; pictures keep the shape of their maps',
  },
  'export-onnx': {
    type: 'text',
    group: REFERENCE,
    value: 'FILE',
    help: 'write an ONNX model',
    refused: 'use the command export CHECKPOINT --format onnx --out FILE',
  },
  engine: { type: 'text', group: REFERENCE, value: 'FILE', help: 'TensorRT engine', refused: TENSORRT },
  onnx: { type: 'text', group: REFERENCE, value: 'FILE', help: 'ONNX model for TensorRT', refused: TENSORRT },
} as const satisfies Record<string, OptionSpec>;

/** What every command that the reference has takes and does nothing with. */
export const IGNORED_OPTIONS = [
  'gpu-ids',
  'local-rank',
  'fp16',
  'data-type',
  'verbose',
  'no-html',
  'display-winsize',
  'model',
  'use-dropout',
  'ntest',
  'aspect-ratio',
  'export-onnx',
  'engine',
  'onnx',
] as const satisfies readonly (keyof typeof REFERENCE_OPTIONS)[];
