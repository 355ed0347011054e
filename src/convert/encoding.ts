// What the channels of a generator's input mean: the tensors tell how many there are, not which.

import { DataError } from '../errors.js';
import { conditionChannels, type Encoding, labelChannels } from '../nets/encode-input.js';
import { flagOption, integerOption, type ReferenceOptions } from './reference-options.js';

/** As far as it was said on the command line; a flag that is false was not given. */
export interface GivenMeaning {
  labelNc?: number;
  dontCare?: number;
  noInstance?: boolean;
  instanceFeat?: boolean;
  labelFeat?: boolean;
}

export interface Channels {
  /** Of the generator's input. */
  generator: number;
  /** Of the encoder's result, where there is one. */
  encoder?: number;
}

/** The reference's defaults. */
const LABEL_NC = 35;
const INPUT_NC = 3;

/** Without opt.txt an encoder beside the generator says that there are styles. */
function featuresBy(given: GivenMeaning, options: ReferenceOptions | undefined, channels: Channels) {
  if (given.labelFeat || flagOption(options, 'label_feat')) return 'label';
  const guessed = options === undefined && channels.encoder !== undefined;
  return given.instanceFeat || flagOption(options, 'instance_feat') || guessed ? 'instance' : undefined;
}

/** Where the number of classes comes from, for people. */
function sourceOf(given: GivenMeaning, options: ReferenceOptions | undefined): string {
  if (given.labelNc !== undefined) return 'as given';
  if (options?.values.has('label_nc')) return `by ${options.file}`;
  return "assumed: the reference's default, which fits; --label-nc says otherwise";
}

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

function text(encoding: Encoding): string {
  const { noInstance, inputNc, features } = encoding;
  const labels = labelChannels(encoding);
  const parts = [
    labels > 0 ? plural(labels, 'class', 'classes') : plural(inputNc, 'channel of a picture', 'channels of a picture'),
    noInstance ? '' : 'edges',
    features ? `${plural(features.count, 'style channel', 'style channels')} by ${features.by}` : '',
  ];
  return parts.filter(Boolean).join(' + ');
}

/** Which options would fit, for a refusal. */
function fits(channels: number, styles: number): string {
  const feat = styles > 0 ? ' --instance-feat' : '';
  const rest = channels - styles;
  const ways = [`--label-nc ${rest - 1}${feat}`, `--label-nc ${rest} --no-instance${feat}`];
  if (rest === INPUT_NC + 1) ways.push(`--label-nc 0${feat}`);
  if (rest === INPUT_NC) ways.push(`--label-nc 0 --no-instance${feat}`);
  return `Say what they are, as in the training: ${ways.join(', or ')}`;
}

/**
 * The meaning of the channels: as given, else by opt.txt, else the reference's defaults where they add up. `says` tells people
 * which. Throws DataError where they do not add up to what the generator takes.
 */
export function decideEncoding(
  given: GivenMeaning,
  options: ReferenceOptions | undefined,
  channels: Channels,
  file: string,
): { encoding: Encoding; says: string } {
  const labelNc = given.labelNc ?? integerOption(options, 'label_nc') ?? LABEL_NC;
  const noInstance = given.noInstance || flagOption(options, 'no_instance');
  const dontCare = given.dontCare === undefined ? {} : { dontCare: given.dontCare };
  const by = featuresBy(given, options, channels);
  const inputNc = integerOption(options, 'input_nc') ?? INPUT_NC;
  const plain: Encoding = { labelNc, inputNc, noInstance, ...dontCare };
  const styles = channels.generator - conditionChannels(plain);
  const encoding: Encoding = by ? { ...plain, features: { count: styles, by } } : plain;
  const wanted = by ? (channels.encoder ?? integerOption(options, 'feat_num')) : 0;
  if (wanted === undefined ? styles >= 1 : styles === wanted)
    return { encoding, says: `${text(encoding)} (${sourceOf(given, options)})` };
  const shown = by ? `${text(plain)} + ${wanted ?? 'some'} style channels` : text(plain);
  throw new DataError(
    `takes ${channels.generator} channels, not ${shown} (${sourceOf(given, options).split(':')[0]})`,
    {
      file,
      fix: fits(channels.generator, wanted ?? 0),
    },
  );
}
