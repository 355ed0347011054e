// How fast a training goes, and how long it will still take.

/** What takes time in a training; a step is all that lies between two ends of steps but the others. */
export type Work = 'step' | 'pictures' | 'checkpoint' | 'validation';
export type Left = Record<Work, number>;

export interface Pace {
  /** So many milliseconds went into one piece of work. */
  took(work: Work, ms: number): void;
  /** A line of the log was written at `time`, for a step that took in `images`. */
  logged(time: number, images: number): void;
  /** Images a second between the log's own times, over the last lines; undefined before the second line. */
  imagesPerSecond(): number | undefined;
  /** Seconds for what is left; undefined before the second step, which is the first that compiles nothing. */
  secondsLeft(left: Left): number | undefined;
}

/** Lines that the rate looks back over: short enough to show a change, long enough not to flicker. */
const LINES = 20;

/** Pieces of work remembered. */
const MOST = 1000;

const mean = (times: readonly number[]): number => times.reduce((sum, ms) => sum + ms, 0) / times.length;

/**
 * Mean of all where the halves differ by no more than chance (two standard errors), else of the newer one: compiling, cold caches and the
 * first epoch's reading fall out as the training goes on, and what few steps there are at first all count.
 */
function meanOf(times: readonly number[]): number {
  const [older, newer] = [times.slice(0, times.length / 2), times.slice(times.length / 2)];
  const recent = mean(newer);
  const variance = mean(newer.map((ms) => (ms - recent) ** 2));
  const alike = Math.abs(mean(older) - recent) <= 2 * Math.sqrt((4 * variance) / times.length);
  return alike ? mean(times) : recent;
}

/** @param guesses what a piece of work takes that has not come yet, in steps; nothing by default */
export function createPace(guesses: Partial<Left> = {}): Pace {
  const times: Record<Work, number[]> = { step: [], pictures: [], checkpoint: [], validation: [] };
  const lines: { time: number; images: number }[] = [];
  let compiled = false;
  return {
    took(work, ms) {
      if (work === 'step' && !compiled) {
        compiled = true;
        return;
      }
      times[work].push(ms);
      if (times[work].length > MOST) times[work].shift();
    },
    logged(time, images) {
      lines.push({ time, images });
      if (lines.length > LINES) lines.shift();
    },
    imagesPerSecond() {
      const [first, ...rest] = lines;
      if (rest.length === 0) return undefined;
      const ms = rest.at(-1)!.time - first!.time;
      return ms > 0 ? (1000 * rest.reduce((sum, { images }) => sum + images, 0)) / ms : undefined;
    },
    secondsLeft(left) {
      if (times.step.length === 0) return left.step === 0 ? 0 : undefined;
      const step = meanOf(times.step);
      const msOf = (work: Work) => (times[work].length > 0 ? meanOf(times[work]) : (guesses[work] ?? 0) * step);
      return (Object.keys(times) as Work[]).reduce((sum, work) => sum + left[work] * msOf(work), 0) / 1000;
    },
  };
}
