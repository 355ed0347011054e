import type { Run } from './source.js';

/** The newest are the ones that matter. */
const SHOWN = 20;

/** What a training noticed about its health. */
export function Notes({ runs }: { runs: readonly Run[] }) {
  const notes = runs.flatMap((run) => run.notes.slice(-SHOWN).map((note) => ({ ...note, run })));
  if (notes.length === 0) return null;
  return (
    <section aria-label="Health">
      <h2>Health</h2>
      <ul class="notes">
        {notes.reverse().map(({ run, step, text }, i) => (
          <li key={i} class={`run-${run.number % 8}`}>
            <span class="swatch" /> {run.name}, step {step}: {text}
          </li>
        ))}
      </ul>
    </section>
  );
}
