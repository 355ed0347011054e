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
