// Where a training begins, by the options that say so: at its own checkpoint, with the weights of others, or from nothing.

import { join, resolve } from 'node:path';
import { pretrainedFrom, resumeFrom, startFrom } from '../convert/start.js';
import { UsageError } from '../errors.js';
import type { Keep } from '../formats/keep-open.js';
import type { Start } from '../train/checkpoint.js';
import { type Nets, netsOf } from '../train/nets.js';
import type { Training } from '../train/prepare.js';
import type { From } from '../train/train.js';

type Say = (text: string) => void;

/** Where a new training's weights come from, as config.json keeps it: one that is ended before its first checkpoint starts there again. */
export interface Origin {
  init?: string;
  loadPretrain?: string;
  partial: boolean;
  whichEpoch: string;
}

interface Starting extends Origin {
  resume: boolean;
  continueTrain: boolean;
}

export const originOf = ({ init, loadPretrain, partial, whichEpoch }: Starting): Origin | undefined =>
  init || loadPretrain
    ? { init: init && resolve(init), loadPretrain: loadPretrain && resolve(loadPretrain), partial, whichEpoch }
    : undefined;

/** The weights that an origin names. @throws MissingFileError, DataError */
function startAt({ init, loadPretrain, partial, whichEpoch: epoch }: Origin, nets: Nets, keep: Keep, say: Say): Start {
  return init
    ? startFrom(init, epoch, nets, keep, say)
    : pretrainedFrom(loadPretrain!, { epoch, partial }, nets, keep, say);
}

/** Where the training starts: at its own checkpoint where it goes on from one, else at its origin. */
export async function startOf(
  { settings }: Training,
  options: Starting & { out: string },
  origin: Origin | undefined,
  keep: Keep,
  say: Say,
): Promise<From> {
  const { init, loadPretrain, whichEpoch: epoch, out } = options;
  const given = Object.entries({ '--init': init, '--load-pretrain': loadPretrain, '--resume': goesOn(options) });
  const several = given.flatMap(([name, value]) => (value ? [name] : []));
  if (several.length > 1)
    throw new UsageError(`${several.join(' and ')} cannot go together`, { fix: 'Give one of them' });
  const nets = netsOf(settings);
  if (goesOn(options)) {
    if (epoch !== 'latest')
      throw new UsageError(`--which-epoch ${epoch} with --resume`, {
        fix: `A run goes on from its newest checkpoint; --init ${join(out, 'checkpoints', `step-${epoch}`)} with another --out starts from an older one`,
      });
    const found = await resumeFrom(out, nets, keep, say);
    if (found.progress) return found;
  }
  return origin ? { start: startAt(origin, nets, keep, say) } : {};
}

export const goesOn = ({ resume, continueTrain }: { resume: boolean; continueTrain: boolean }): boolean =>
  resume || continueTrain;
