import { PRECISIONS } from '../graph/half.js';
import { RECOMPUTE } from '../graph/recompute.js';
import { MACHINE } from './groups.js';
import type { OptionSpec } from './option.js';

/** The device, its memory and its kernels. */
export const MACHINE_OPTIONS = {
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
    help: 'print what memory it would take, whether that fits, and if not what would, and about how long a training takes on this device; nothing else is done',
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
    help: 'only kernels that round no more than plain sums do: of Winograd convolutions only F(2×2, 3×3)',
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
