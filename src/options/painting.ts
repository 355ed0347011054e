import { DATA, OUTPUT, STYLES } from './groups.js';
import type { OptionSpec } from './option.js';

/** What is painted, and in which styles. */
export const PAINTING_OPTIONS = {
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
  shard: {
    type: 'text',
    group: DATA,
    value: 'I/N',
    help: 'paint only every Nth picture, from the Ith on, counted from 0: N commands share a folder, each picture once',
  },
  'skip-existing': {
    type: 'flag',
    group: OUTPUT,
    help: 'leave out pictures that are there already, so that a command that was stopped goes on',
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
} as const satisfies Record<string, OptionSpec>;
