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

/** Mean of the newer half: compiling, cold caches and the first epoch's reading fall out as the training goes on. */
function meanOf(times: readonly number[]): number {
  const half = times.slice(Math.floor(times.length / 2));
  return half.reduce((sum, ms) => sum + ms, 0) / half.length;
}

export function createPace(): Pace {
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
      const works = (Object.keys(times) as Work[]).filter((work) => times[work].length > 0);
      return works.reduce((sum, work) => sum + left[work] * meanOf(times[work]), 0) / 1000;
    },
  };
}
