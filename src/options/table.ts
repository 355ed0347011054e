import { RESIZE_OR_CROP } from '../data/transform.js';
import type { OptionSpec, ValuesOf } from './option.js';

const DATA = 'Data';
const NETS = 'Networks';
const LOSSES = 'Losses';
const SCHEDULE = 'Schedule';
const OUTPUT = 'Output';
const MACHINE = 'Machine';

/**
 * Every option of every command, under the reference's names in kebab-case and with its defaults. A command takes the rows
 * it names; the reference's own spelling (`--netG`, `--label_nc`) is understood everywhere.
 */
export const OPTIONS = {
  phase: {
    type: 'text',
    group: DATA,
    default: 'train',
    value: 'PREFIX',
    help: 'prefix of the data folders: PREFIX_label, PREFIX_inst, PREFIX_img',
  },
  'label-nc': {
    type: 'integer',
    group: DATA,
    min: 0,
    max: 1024,
    help: 'number of classes; 0: the input is the RGB picture of PREFIX_A instead of labels (default: what DATAROOT/classes.json lists, else 35)',
  },
  'dont-care': {
    type: 'integer',
    group: DATA,
    min: 0,
    max: 65535,
    value: 'ID',
    help: 'label id that means "no class", often 255; it becomes a class of its own',
  },
  'no-instance': { type: 'flag', group: DATA, help: 'use no instance maps, so no edges between instances' },
  'resize-or-crop': {
    type: 'text',
    group: DATA,
    choices: RESIZE_OR_CROP,
    default: 'scale_width',
    value: 'MODE',
    help: 'what is done to every picture first',
  },
  'load-size': { type: 'integer', group: DATA, min: 1, default: 1024, help: 'width that pictures are scaled to' },
  'fine-size': { type: 'integer', group: DATA, min: 1, default: 512, help: 'side of the square that is cropped' },
  'no-flip': { type: 'flag', group: DATA, help: 'do not mirror half of the samples' },
  'serial-batches': { type: 'flag', group: DATA, help: 'take samples in the order of their names, not shuffled' },
  'max-dataset-size': { type: 'integer', group: DATA, min: 1, help: 'use at most so many samples an epoch' },
  'cache-mb': {
    type: 'integer',
    group: DATA,
    min: 0,
    default: 1024,
    help: 'memory for decoded samples, in MB; with all of them in it no file is read twice',
  },
  'no-check': { type: 'flag', group: DATA, help: 'start without reading the data set first' },
  'batch-size': { type: 'integer', group: DATA, min: 1, default: 1, help: 'samples per step, all of one size' },

  ngf: { type: 'integer', group: NETS, min: 1, default: 64, help: "filters of the generator's first layer" },
  'n-downsample-global': {
    type: 'integer',
    group: NETS,
    min: 0,
    max: 8,
    default: 4,
    help: 'times it halves the sides',
  },
  'n-blocks-global': { type: 'integer', group: NETS, min: 0, default: 9, help: 'residual blocks in its middle' },
  ndf: { type: 'integer', group: NETS, min: 1, default: 64, help: "filters of the discriminators' first layer" },
  'num-d': { type: 'integer', group: NETS, min: 1, max: 8, default: 2, help: 'discriminators, each at half the size' },
  'n-layers-d': { type: 'integer', group: NETS, min: 1, max: 8, default: 3, help: 'layers of a discriminator' },

  'lambda-feat': { type: 'number', group: LOSSES, min: 0, default: 10, help: 'weight of feature matching' },
  'no-gan-feat-loss': { type: 'flag', group: LOSSES, help: 'train without feature matching' },

  niter: { type: 'integer', group: SCHEDULE, min: 0, default: 100, help: 'epochs at the full learning rate' },
  'niter-decay': { type: 'integer', group: SCHEDULE, min: 0, default: 100, help: 'epochs in which it falls to 0' },
  lr: { type: 'number', group: SCHEDULE, above: 0, default: 2e-4, help: "Adam's learning rate" },
  beta1: { type: 'number', group: SCHEDULE, min: 0, below: 1, default: 0.5, help: "Adam's first momentum" },
  'max-steps': { type: 'integer', group: SCHEDULE, min: 1, help: 'stop after so many steps' },
  seed: {
    type: 'integer',
    group: SCHEDULE,
    min: 0,
    default: 1,
    help: 'of first weights, order, crops and flips; the same seed on the same device trains the same net',
  },

  out: { type: 'text', group: OUTPUT, value: 'DIR', help: 'folder for the results, made where it is missing' },
  'print-freq': { type: 'integer', group: OUTPUT, min: 1, default: 100, help: 'images between two lines of the log' },
  'display-freq': { type: 'integer', group: OUTPUT, min: 1, default: 100, help: 'images between two picture grids' },
  'save-latest-freq': { type: 'integer', group: OUTPUT, min: 1, default: 1000, help: 'images between two checkpoints' },
  'save-epoch-freq': {
    type: 'integer',
    group: OUTPUT,
    min: 1,
    default: 10,
    help: 'epochs between checkpoints that stay',
  },
  json: { type: 'flag', group: OUTPUT, help: 'print JSON, one object a line, instead of text' },
  format: {
    type: 'text',
    group: OUTPUT,
    choices: ['png', 'npy'],
    default: 'png',
    help: 'of the pictures; npy holds the raw float32 [3, H, W] in [-1, 1]',
  },

  'export-format': {
    type: 'text',
    group: OUTPUT,
    spelled: 'format',
    choices: ['pth', 'safetensors'],
    default: 'safetensors',
    help: "pth: a folder of the reference's files, with discriminators, encoder and Adam; safetensors: the generator alone in one file that says all about itself",
  },
  'out-path': {
    type: 'text',
    group: OUTPUT,
    spelled: 'out',
    value: 'PATH',
    help: 'file or folder to write, see below',
  },
  dtype: {
    type: 'text',
    group: OUTPUT,
    choices: ['f32', 'f16'],
    default: 'f32',
    help: "of a safetensors file's weights; f16 takes half the space",
  },

  'which-epoch': {
    type: 'text',
    group: DATA,
    default: 'latest',
    value: 'EPOCH',
    help: 'which checkpoint of the folder: latest, or a number',
  },
  'instance-feat': { type: 'flag', group: DATA, help: 'the generator has style channels, one style an instance' },
  'label-feat': { type: 'flag', group: DATA, help: 'the generator has style channels, one style a class' },

  checkpoint: {
    type: 'text',
    group: DATA,
    value: 'PATH',
    help: "the generator: a run's folder, one of its checkpoints, or a safetensors file",
  },
  labels: { type: 'text', group: DATA, value: 'PATH', help: 'label map, or a folder of them' },
  instances: {
    type: 'text',
    group: DATA,
    value: 'PATH',
    help: 'instance map, or a folder of them with the same names',
  },
  scale: {
    type: 'integer',
    group: DATA,
    min: 1,
    value: 'WIDTH',
    help: 'scale the maps to this width first (default: as they are)',
  },

  adapter: {
    type: 'text',
    group: MACHINE,
    value: 'NAME',
    help: "GPU to use: part of an adapter's name, `swiftshader`, `lavapipe` or `auto` (also: PIX2PIXHD_ADAPTER)",
  },
  selftest: {
    type: 'flag',
    group: MACHINE,
    help: 'run every convolution candidate against the plain one on this device and print a report to paste',
  },
} as const satisfies Record<string, OptionSpec>;

export type OptionName = keyof typeof OPTIONS;

/** Values of the named options: what a command gets, what a config file holds. */
export type OptionValues<N extends OptionName> = ValuesOf<typeof OPTIONS, N>;

/** What of a training decides its result: these go into config.json and the checkpoints. */
export const TRAIN_OPTIONS = [
  'phase',
  'label-nc',
  'dont-care',
  'no-instance',
  'resize-or-crop',
  'load-size',
  'fine-size',
  'no-flip',
  'serial-batches',
  'max-dataset-size',
  'batch-size',
  'ngf',
  'n-downsample-global',
  'n-blocks-global',
  'ndf',
  'num-d',
  'n-layers-d',
  'lambda-feat',
  'no-gan-feat-loss',
  'niter',
  'niter-decay',
  'lr',
  'beta1',
  'seed',
] as const satisfies readonly OptionName[];

export type TrainOptions = OptionValues<(typeof TRAIN_OPTIONS)[number]>;
