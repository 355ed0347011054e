import { RESIZE_OR_CROP } from '../data/transform.js';
import { PRECISIONS } from '../graph/half.js';
import { RECOMPUTE } from '../graph/recompute.js';
import { camelCase, type OptionSpec, type ValuesOf } from './option.js';
import { REFERENCE_OPTIONS } from './reference.js';

const DATA = 'Data';
const NETS = 'Networks';
const LOSSES = 'Losses';
const STYLES = 'Styles';
const SCHEDULE = 'Schedule';
const START = 'Start';
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
  'input-nc': {
    type: 'integer',
    group: DATA,
    min: 1,
    max: 4,
    default: 3,
    help: 'channels of the input picture where --label-nc is 0: 1 grey, 2 with alpha, 3 RGB, 4 RGBA',
  },
  'output-nc': {
    type: 'integer',
    group: DATA,
    min: 1,
    max: 4,
    default: 3,
    help: 'channels of the photos, likewise',
  },
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
  'scale-jitter': {
    type: 'number',
    group: DATA,
    min: 0,
    max: 4,
    default: 0,
    help: 'enlarge samples by a share of themselves drawn up to this, 0.2 say, before they are cropped, or cut back to their size',
  },
  'color-jitter': {
    type: 'number',
    group: DATA,
    min: 0,
    below: 1,
    default: 0,
    help: 'change brightness, contrast and saturation of the photos alone by a share drawn up to this',
  },
  'serial-batches': { type: 'flag', group: DATA, help: 'take samples in the order of their names, not shuffled' },
  'max-dataset-size': { type: 'integer', group: DATA, min: 1, help: 'use at most so many samples an epoch' },
  'cache-mb': {
    type: 'integer',
    group: DATA,
    min: 0,
    default: 1024,
    help: 'memory for decoded samples, in MB; with all of them in it no file is read twice',
  },
  'n-threads': {
    type: 'integer',
    group: DATA,
    min: 0,
    max: 64,
    default: 2,
    help: 'threads that load pictures ahead of the device; their number changes no result; 0: none of their own',
  },
  'no-check': { type: 'flag', group: DATA, help: 'start without reading the data set first' },
  'batch-size': { type: 'integer', group: DATA, min: 1, default: 1, help: 'samples per step, all of one size' },

  'net-g': {
    type: 'text',
    group: NETS,
    choices: ['global', 'local'],
    default: 'global',
    value: 'KIND',
    help: 'generator; local: enhancers for twice the size around a global one of 2^n-local-enhancers times --ngf filters',
  },
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
  'n-local-enhancers': {
    type: 'integer',
    group: NETS,
    min: 1,
    max: 4,
    default: 1,
    help: 'enhancers of a local generator, each at twice the size of the one before',
  },
  'n-blocks-local': { type: 'integer', group: NETS, min: 0, default: 3, help: 'residual blocks of an enhancer' },
  norm: {
    type: 'text',
    group: NETS,
    choices: ['instance', 'batch'],
    default: 'instance',
    value: 'KIND',
    help: 'normalisation in all nets',
  },
  upsample: {
    type: 'text',
    group: NETS,
    choices: ['transposed', 'nearest'],
    default: 'transposed',
    value: 'KIND',
    help: 'how the generator doubles sides; nearest (repeated pixels and a convolution) leaves no checkerboard',
  },
  padding: {
    type: 'text',
    group: NETS,
    choices: ['zeros', 'reflect'],
    default: 'zeros',
    value: 'KIND',
    help: 'borders where the generator halves and doubles sides; reflect leaves no light spots',
  },
  ndf: { type: 'integer', group: NETS, min: 1, default: 64, help: "filters of the discriminators' first layer" },
  'num-d': { type: 'integer', group: NETS, min: 1, max: 8, default: 2, help: 'discriminators, each at half the size' },
  'n-layers-d': { type: 'integer', group: NETS, min: 1, max: 8, default: 3, help: 'layers of a discriminator' },
  'spectral-norm': {
    type: 'flag',
    group: NETS,
    help: 'spectral normalisation of the discriminators: steadier training',
  },

  'instance-feat': { type: 'flag', group: STYLES, help: 'learn a style for every instance, with an encoder' },
  'label-feat': { type: 'flag', group: STYLES, help: 'learn a style for every class of a picture, with an encoder' },
  'load-features': { type: 'flag', group: STYLES, help: 'take the styles from the pictures of PREFIX_feat' },
  'feat-num': { type: 'integer', group: STYLES, min: 1, max: 64, default: 3, help: 'numbers that make a style' },
  nef: { type: 'integer', group: STYLES, min: 1, default: 16, help: "filters of the encoder's first layer" },
  'n-downsample-e': { type: 'integer', group: STYLES, min: 0, max: 8, default: 4, help: 'times it halves the sides' },

  'lambda-feat': {
    type: 'number',
    group: LOSSES,
    min: 0,
    default: 10,
    help: 'weight of feature matching and of the perceptual loss',
  },
  'no-gan-feat-loss': { type: 'flag', group: LOSSES, help: 'train without feature matching' },

  'no-vgg-loss': { type: 'flag', group: LOSSES, help: 'train without the perceptual loss' },
  vgg: {
    type: 'text',
    group: LOSSES,
    value: 'FILE',
    help: "VGG19's weights for the perceptual loss: torchvision's vgg19-dcbb9e9d.pth, or safetensors (default: torch's cache)",
  },
  'vgg-normalise': { type: 'flag', group: LOSSES, help: 'give VGG19 pictures normalised as in its own training' },
  'gan-mode': {
    type: 'text',
    group: LOSSES,
    choices: ['ls', 'bce', 'hinge'],
    default: 'ls',
    value: 'MODE',
    help: 'least squares, cross entropy on logits, or hinge',
  },
  'no-lsgan': { type: 'flag', group: LOSSES, help: 'the same as --gan-mode bce' },
  'pool-size': {
    type: 'integer',
    group: LOSSES,
    min: 0,
    default: 0,
    help: 'earlier pictures that the discriminators go on judging; 0: none',
  },

  niter: { type: 'integer', group: SCHEDULE, min: 0, default: 100, help: 'epochs at the full learning rate' },
  'niter-decay': { type: 'integer', group: SCHEDULE, min: 0, default: 100, help: 'epochs in which it falls to 0' },
  lr: { type: 'number', group: SCHEDULE, above: 0, default: 2e-4, help: "Adam's learning rate" },
  'lr-d': { type: 'number', group: SCHEDULE, above: 0, help: "the discriminators' own learning rate (default: --lr)" },
  'niter-fix-global': {
    type: 'integer',
    group: SCHEDULE,
    min: 0,
    default: 0,
    help: 'epochs in which a local generator trains its outermost enhancer alone',
  },
  accumulate: {
    type: 'integer',
    group: SCHEDULE,
    min: 1,
    default: 1,
    help: 'batches whose gradients make one step: larger batches than fit the memory',
  },
  ema: {
    type: 'number',
    group: SCHEDULE,
    min: 0,
    below: 1,
    default: 0,
    help: "decay of a running average of the generator's weights, often 0.999; it is what paints then; 0: none",
  },
  'ema-start': { type: 'integer', group: SCHEDULE, min: 0, default: 0, help: 'steps before the average begins' },
  beta1: { type: 'number', group: SCHEDULE, min: 0, below: 1, default: 0.5, help: "Adam's first momentum" },
  'on-nan': {
    type: 'text',
    group: SCHEDULE,
    choices: ['stop', 'skip'],
    default: 'stop',
    value: 'WHAT',
    help: 'where a step meets NaN or infinity: stop the training, or skip the step, which then changes nothing (large pictures take more memory for that, since all gradients wait for the last)',
  },
  'max-steps': { type: 'integer', group: SCHEDULE, min: 1, help: 'stop after so many steps' },
  seed: {
    type: 'integer',
    group: SCHEDULE,
    min: 0,
    default: 1,
    help: 'of all chance: first weights, order, crops and flips, styles; the same seed on the same device gives the same result',
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
  dashboard: {
    type: 'flag',
    group: OUTPUT,
    help: 'serve a page on 127.0.0.1 with curves and pictures as they come; its address is printed (see also: watch)',
  },
  port: {
    type: 'integer',
    group: OUTPUT,
    min: 0,
    max: 65535,
    help: 'of the page; 0: any that is free (default: 7007, or any where that is taken)',
  },
  tensorboard: {
    type: 'flag',
    group: OUTPUT,
    help: "write TensorBoard's event files into the run's folder too: scalars, pictures and options",
  },
  'judge-steps': {
    type: 'integer',
    group: SCHEDULE,
    min: 0,
    default: 600,
    help: 'steps that the segmentation net is trained for, which judges label consistency; 0: leave that out',
  },
  fix: {
    type: 'text',
    group: OUTPUT,
    value: 'DIR',
    help: 'write a repaired copy of the set into the new folder DIR; the originals stay as they are',
  },
  sheet: {
    type: 'text',
    group: OUTPUT,
    value: 'FILE',
    help: 'write a contact sheet: label map, borders of instances and photo of up to 12 samples, as PNG',
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
    choices: ['pth', 'safetensors', 'onnx', 'html'],
    default: 'safetensors',
    help: "pth: a folder of the reference's files, with discriminators, encoder and Adam; safetensors: the generator, with its encoder, in one file that says all about itself; onnx: the generator alone for ONNX runtimes; html: one file with the editor and the generator in it, for any browser",
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
  size: {
    type: 'text',
    group: OUTPUT,
    value: 'WxH',
    help: "of pictures, such as 1024x512: an ONNX model's (default: any), or, once scaled, those that --dry-run plans for (default: the data's largest)",
  },

  init: {
    type: 'text',
    group: START,
    value: 'DIR',
    help: "start from the checkpoint in DIR: the reference's files or this project's, with Adam's states where they are there",
  },
  'load-pretrain': {
    type: 'text',
    group: START,
    value: 'DIR',
    help: 'start from the weights in DIR as far as the nets have them: a global generator for the trunk of a local one',
  },
  partial: {
    type: 'flag',
    group: START,
    help: 'with --load-pretrain: leave out tensors of another shape instead of refusing them',
  },
  resume: {
    type: 'flag',
    group: START,
    help: 'go on with the run in --out (or in the folder given instead of DATAROOT) from its newest checkpoint as if it had never stopped, with its options where none is given',
  },
  'continue-train': { type: 'flag', group: START, help: 'the same as --resume' },
  'which-epoch': {
    type: 'text',
    group: START,
    default: 'latest',
    value: 'EPOCH',
    help: 'which checkpoint of the folder: latest, or a number',
  },

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
    help: 'scale the maps to this width first (default: as they are; encode: as in training)',
  },
  preview: {
    type: 'flag',
    group: DATA,
    help: 'paint every map at half its sides first, as NAME.preview.png: a look at it in about a quarter of the time',
  },

  styles: {
    type: 'text',
    group: STYLES,
    value: 'HOW',
    help: 'random: every region draws a style of its class; encoded: as in the photos of --images; zeros; or a FILE.json that chooses, { "classes": { "sky": 2 }, "regions": { "26001": [0.1, 0, -0.3] } }: by a class\'s name or id and by instance id, the number of a centre or a style\'s values; what it does not name is drawn (default: random where the checkpoint has styles, else zeros)',
  },
  images: {
    type: 'text',
    group: STYLES,
    value: 'PATH',
    help: 'photo, or a folder of them with the same names, to take the styles of (--styles encoded)',
  },
  'use-encoded-image': { type: 'flag', group: STYLES, help: 'the same as --styles encoded' },
  encoder: {
    type: 'text',
    group: STYLES,
    value: 'FILE',
    help: 'the encoder (default: E.safetensors beside the generator)',
  },
  'cluster-path': {
    type: 'text',
    group: STYLES,
    value: 'FILE',
    help: "features_clustered_*.npy to draw from instead of the checkpoint's styles",
  },
  features: {
    type: 'text',
    group: STYLES,
    value: 'FILE',
    help: "the reference's features.npy or features_clustered_*.npy, instead of running an encoder",
  },
  'n-clusters': { type: 'integer', group: STYLES, min: 1, max: 1000, default: 10, help: 'most styles of a class' },

  ...REFERENCE_OPTIONS,

  adapter: {
    type: 'text',
    group: MACHINE,
    value: 'NAME',
    help: "GPU to use: part of an adapter's name, `swiftshader`, `lavapipe` or `auto` (also: PIX2PIXHD_ADAPTER)",
  },
  recompute: {
    type: 'text',
    group: MACHINE,
    choices: RECOMPUTE,
    default: 'none',
    value: 'WHAT',
    help: 'what training computes again on the way back instead of keeping it, for less memory, more time and the same bits: norms and activations; also the convolutions of residual blocks; also the largest maps of all nets',
  },
  precision: {
    type: 'text',
    group: MACHINE,
    choices: [...PRECISIONS, 'auto'],
    default: 'f32',
    value: 'HOW',
    help: 'how intermediates are stored, and weights that are not trained: f32, f16 (half the memory; sums, statistics, trained weights and Adam stay f32, and a training scales its losses), or auto, which is f32 where that fits and else f16',
  },
  'dry-run': {
    type: 'flag',
    group: MACHINE,
    help: 'print what memory it would take, whether that fits, and if not what would; nothing else is done',
  },
  'memory-gb': {
    type: 'number',
    group: MACHINE,
    above: 0,
    value: 'GB',
    help: "the GPU's memory, of 2^30 bytes each; what needs more is refused at once (default: not known; on the CPU what is free)",
  },
  precise: {
    type: 'flag',
    group: MACHINE,
    help: 'only kernels that round no more than plain sums do: no Winograd convolutions',
  },
  tune: {
    type: 'text',
    group: MACHINE,
    choices: ['off', 'quick', 'full'],
    default: 'off',
    value: 'EFFORT',
    help: 'measure which convolution kernels are fastest on this device, and keep the result for the next start (in ~/.cache/pix2pixhd-webgpu); quick: the few that win somewhere, full: all; off: the kind of device decides',
  },
  'no-tune': { type: 'flag', group: MACHINE, help: 'the same as --tune off' },
  'tune-seconds': {
    type: 'integer',
    group: MACHINE,
    min: 1,
    help: 'most seconds that tuning takes; the largest layers come first (default: 30, with --tune full 600)',
  },
  'force-kernel': {
    type: 'text',
    group: MACHINE,
    value: 'NAME',
    help: 'convolution kernel to use wherever it fits, such as direct-8x8 or plain; conv=NAME,convWeight=NAME to choose for one of the two',
  },
  profile: {
    type: 'text',
    group: MACHINE,
    optional: true,
    value: 'FILE',
    help: 'tell the time of every kernel of the first step or picture, and how long the device waits between the next ones; writes a trace for chrome://tracing to FILE.json (default: profile.json in the folder of the results)',
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
  'input-nc',
  'output-nc',
  'resize-or-crop',
  'load-size',
  'fine-size',
  'no-flip',
  'scale-jitter',
  'color-jitter',
  'serial-batches',
  'max-dataset-size',
  'batch-size',
  'net-g',
  'ngf',
  'n-downsample-global',
  'n-blocks-global',
  'n-local-enhancers',
  'n-blocks-local',
  'norm',
  'upsample',
  'padding',
  'ndf',
  'num-d',
  'n-layers-d',
  'spectral-norm',
  'instance-feat',
  'label-feat',
  'load-features',
  'feat-num',
  'nef',
  'n-downsample-e',
  'lambda-feat',
  'no-gan-feat-loss',
  'no-vgg-loss',
  'vgg-normalise',
  'gan-mode',
  'no-lsgan',
  'pool-size',
  'niter',
  'niter-decay',
  'lr',
  'lr-d',
  'niter-fix-global',
  'accumulate',
  'ema',
  'ema-start',
  'beta1',
  'on-nan',
  'seed',
  'precision',
] as const satisfies readonly OptionName[];

export type TrainOptions = OptionValues<(typeof TRAIN_OPTIONS)[number]>;

/** The options of a training where none is given. */
export const trainDefaults = (): TrainOptions => {
  const rows = TRAIN_OPTIONS.map((name) => {
    const row: OptionSpec = OPTIONS[name];
    return [camelCase(name), row.type === 'flag' ? false : row.default];
  });
  return Object.fromEntries(rows);
};
