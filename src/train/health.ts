// What goes wrong without an error: noticed over some steps, told in words, once until it has passed.

import type { GanMode } from '../nets/losses.js';
import type { Settings } from './settings.js';
import type { Losses } from './trainer.js';

/** What a look at one step sees. */
export interface Look {
  lr: number;
  losses: Losses;
  /** Share of the picture's values at the ends of tanh. */
  saturated: number;
}

export type Watched = Pick<Settings, 'ganMode' | 'numD'>;

/** A discriminator's loss, on real and on fake pictures alike, where it tells nothing: one output for all. */
const CHANCE: Record<GanMode, number> = { ls: 0.25, bce: Math.LN2, hinge: 1 };

/** Per discriminator and chance: 1 where they tell nothing, 0 where they are always right. */
function relative({ losses }: Look, { ganMode, numD }: Watched): { real: number; fake: number } {
  const unit = CHANCE[ganMode] * numD;
  return { real: losses.D_real! / unit, fake: losses.D_fake! / unit };
}

/** First weights have a standard deviation of 0.02; a float of that size has steps of 0.02 · 2⁻²⁴. */
const DEAD_RATE = 0.02 * 2 ** -24;

interface Trouble {
  /** Steps in a row that show it. */
  steps: number;
  shows(look: Look, watched: Watched): boolean;
  text(look: Look): string;
}

const TROUBLES: readonly Trouble[] = [
  {
    steps: 100,
    shows: (look, watched) => {
      const { real, fake } = relative(look, watched);
      return real + fake < 0.1;
    },
    text: () =>
      'the discriminators tell every picture apart (D_real and D_fake below 5 % of chance for 100 steps), so that the generator' +
      ' learns little from them. A lower --lr-d, --spectral-norm or --pool-size 50 may help',
  },
  {
    steps: 100,
    shows: (look, watched) => {
      const { real, fake } = relative(look, watched);
      return Math.abs(real - 1) < 0.01 && Math.abs(fake - 1) < 0.01;
    },
    text: () =>
      'the discriminators have collapsed: D_real and D_fake have been at chance for 100 steps, the same answer for every picture.' +
      ' A lower --lr, or the checkpoint before, may help',
  },
  {
    steps: 20,
    shows: ({ saturated }) => saturated > 0.9,
    text: ({ saturated }) =>
      `the generator's pictures are saturated: ${Math.round(100 * saturated)} % of their values at the ends of tanh, where it has no slope.` +
      ' Start again from the checkpoint before with a lower --lr',
  },
  {
    steps: 1,
    shows: ({ lr }) => lr < DEAD_RATE,
    text: ({ lr }) =>
      `the learning rate ${lr.toPrecision(2)} moves no weight any more: it is below the precision of a float of a weight's size.` +
      ' Stop here, or raise --lr',
  },
];

/** Looks at one step after another and returns what there is to say. */
export function createHealth(watched: Watched): (look: Look) => string[] {
  const counts = TROUBLES.map(() => 0);
  return (look) =>
    TROUBLES.flatMap((trouble, i) => {
      counts[i] = trouble.shows(look, watched) ? counts[i]! + 1 : 0;
      return counts[i] === trouble.steps ? [trouble.text(look)] : [];
    });
}
