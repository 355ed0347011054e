// Progress on a terminal as one line that is written over, elsewhere as plain lines now and then.

import { type Options, SingleBar } from 'cli-progress';

const STYLE: Options = {
  format: '{bar} {value}/{total}  {text}',
  barsize: 16,
  barCompleteChar: '█',
  barIncompleteChar: '░',
  hideCursor: true,
  // Shorter updates than this are not worth the terminal's time.
  fps: 8,
};

/** Seconds as people say them: 9 s, 3:20, 1:02:05; ? where they are not known. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined) return '?';
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (n: number) => String(n).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

export interface ProgressLine {
  /** `plain`: it is time for a line where there is no terminal. */
  update(done: number, text: string, plain: boolean): void;
  /** Says something that stays, without breaking the line. */
  say(text: string): void;
  end(): void;
}

/** Writes to stderr, so that results on stdout can be piped. */
export function progressLine(total: number): ProgressLine {
  if (!process.stderr.isTTY) {
    return {
      update: (done, text, plain) => {
        if (plain) console.error(`${done}/${total}  ${text}`);
      },
      say: (text) => console.error(text),
      end: () => {},
    };
  }
  const bar = new SingleBar(STYLE);
  bar.start(total, 0, { text: '' });
  return {
    update: (done, text) => bar.update(done, { text }),
    say(text) {
      process.stderr.write(`\r\x1b[K${text}\n`);
      bar.render();
    },
    end: () => bar.stop(),
  };
}
