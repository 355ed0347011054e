// Ctrl-C and kill: the first asks the work to end in good order, the second ends it at once.

const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

export interface Stop {
  signal: AbortSignal;
  /** Exit code for the signal that came, or undefined. */
  code(): number | undefined;
  /** Signals end the process again as they usually do. */
  release(): void;
}

export function onStopSignals(say: (text: string) => void): Stop {
  const controller = new AbortController();
  let code: number | undefined;
  const stop = (signal: NodeJS.Signals) => {
    if (code !== undefined) process.exit(code);
    code = CODES[signal as keyof typeof CODES];
    say(`${signal}: saving after this step; once more ends at once, without saving`);
    controller.abort();
  };
  const names = Object.keys(CODES) as (keyof typeof CODES)[];
  for (const name of names) process.on(name, stop);
  return {
    signal: controller.signal,
    code: () => code,
    release: () => names.forEach((name) => process.off(name, stop)),
  };
}
