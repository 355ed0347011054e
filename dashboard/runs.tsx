import { duration } from '../src/cli/duration.js';
import { bytes, short } from './format.js';
import { useNow } from './now.js';
import type { Run } from './source.js';

interface Props {
  runs: readonly Run[];
  hidden: ReadonlySet<number>;
  onHide(hidden: ReadonlySet<number>): void;
}

/** The list of runs: which are shown, and where each stands. */
export const Runs = ({ runs, hidden, onHide }: Props) => (
  <section aria-label="Runs" class="runs">
    {runs.map((run) => (
      <article key={run.number} class={`run-${run.number % 8}`}>
        <h2>
          <label>
            <input
              type="checkbox"
              checked={!hidden.has(run.number)}
              onChange={() => onHide(toggled(hidden, run.number))}
            />
            <span class="swatch" /> {run.name}
          </label>
        </h2>
        <Standing run={run} />
      </article>
    ))}
  </section>
);

/** With it where it was not, without it where it was. */
export function toggled<T>(set: ReadonlySet<T>, element: T): ReadonlySet<T> {
  const next = new Set(set);
  if (!next.delete(element)) next.add(element);
  return next;
}

/** A training is at work while its lines come no later than so many seconds after each other; a step may take a minute. */
const QUIET = 120;

/** Where a run stands. */
export function Standing({ run }: { run: Run }) {
  const now = useNow();
  const { step, total, epoch, time, secondsLeft, imagesPerSecond, deviceBytes, checkpoints } = run;
  if (step === 0) return <p>Waiting for its first step.</p>;
  const ago = time === undefined ? undefined : Math.max(0, (now - time) / 1000);
  const done = total !== undefined && step >= total;
  const working = !done && ago !== undefined && ago < QUIET;
  const facts: [string, string | undefined][] = [
    ['step', total === undefined ? String(step) : `${step} of ${total}`],
    ['epoch', epoch === undefined ? undefined : String(epoch)],
    ['time left', working && secondsLeft !== undefined ? duration(secondsLeft) : undefined],
    ['images/s', imagesPerSecond === undefined ? undefined : short(imagesPerSecond)],
    ['GPU memory', deviceBytes === undefined ? undefined : bytes(deviceBytes)],
    ['checkpoint', checkpoints.length > 0 ? `step ${checkpoints.at(-1)}` : undefined],
    [done ? 'ended' : 'last step', ago === undefined ? undefined : `${duration(ago)} ago`],
  ];
  return (
    <>
      {total !== undefined && <progress value={step} max={total} aria-label={`${run.name}: steps done`} />}
      <dl>
        {facts.map(
          ([name, value]) =>
            value !== undefined && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
    </>
  );
}
