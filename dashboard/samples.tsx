import { useContext, useEffect, useState } from 'preact/hooks';
import { readSheet, type Sheet } from './sheet.js';
import { type Run, Source } from './source.js';
import { Wipe, type Wiped } from './wipe.js';

/** Where the label ends and the real picture begins, as parts of the width. */
const PRESETS: [string, Wiped][] = [
  ['Label', [1, 1]],
  ['Generated', [0, 1]],
  ['Real', [0, 0]],
  ['Thirds', [1 / 3, 2 / 3]],
];

/** The sheets of all runs at a step: for a run that has none there, the one before. */
export function Samples({ runs }: { runs: readonly Run[] }) {
  const [chosen, setChosen] = useState<number | null>(null);
  const [wiped, setWiped] = useState<Wiped>([1 / 3, 2 / 3]);
  const steps = [...new Set(runs.flatMap(({ samples }) => samples))].sort((a, b) => a - b);
  if (steps.length === 0) return null;
  const step = chosen ?? steps.at(-1)!;
  const place = Math.max(
    0,
    steps.findLastIndex((each) => each <= step),
  );
  const choose = (index: number) => setChosen(index === steps.length - 1 ? null : steps[index]!);
  return (
    <section aria-label="Samples">
      <h2>Samples</h2>
      <p class="controls">
        <Steps steps={steps} place={place} onPlace={choose} />
        <Divider name="label | generated" at={wiped[0]} onMove={(at) => setWiped([at, Math.max(at, wiped[1])])} />
        <Divider name="generated | real" at={wiped[1]} onMove={(at) => setWiped([Math.min(at, wiped[0]), at])} />
        <span class="presets">
          {PRESETS.map(([name, value]) => (
            <button key={name} type="button" onClick={() => setWiped(value)}>
              {name}
            </button>
          ))}
        </span>
      </p>
      <div class="sheets">
        {runs.map((run) => (
          <RunSheet key={run.number} run={run} step={steps[place]!} wiped={wiped} onWipe={setWiped} />
        ))}
      </div>
    </section>
  );
}

interface StepsProps {
  steps: readonly number[];
  place: number;
  onPlace(place: number): void;
}

const Steps = ({ steps, place, onPlace }: StepsProps) => (
  <label>
    step{' '}
    <input
      type="range"
      class="step"
      min="0"
      max={steps.length - 1}
      value={place}
      aria-valuetext={`step ${steps[place]}`}
      onInput={({ currentTarget }) => onPlace(Number(currentTarget.value))}
    />{' '}
    <output>{steps[place]}</output>
  </label>
);

const Divider = ({ name, at, onMove }: { name: string; at: number; onMove(at: number): void }) => (
  <label>
    {name}{' '}
    <input
      type="range"
      min="0"
      max="1"
      step="0.01"
      value={at}
      onInput={({ currentTarget }) => onMove(Number(currentTarget.value))}
    />
  </label>
);

interface SheetProps {
  run: Run;
  step: number;
  wiped: Wiped;
  onWipe(wiped: Wiped): void;
}

function RunSheet({ run, step, wiped, onWipe }: SheetProps) {
  const own = run.samples.findLast((each) => each <= step);
  const source = useContext(Source);
  const [sheet, setSheet] = useState<Sheet>();
  useEffect(() => {
    let outdated = false;
    if (own === undefined) return;
    source
      .sheet(run.number, own)
      .then(readSheet)
      .then((read) => outdated || setSheet(read))
      .catch(() => {}); // it is gone, or the server is: what is shown stays
    return () => {
      outdated = true;
    };
  }, [run.number, own]);
  if (own === undefined || !sheet) return null;
  return (
    <figure class={`sheet run-${run.number % 8}`}>
      <figcaption>
        <span class="swatch" /> {run.name}, step {own}
      </figcaption>
      <div class="tiles">
        {sheet.rows.map((row, i) => (
          <Wipe key={i} bitmap={sheet.bitmap} row={row} wiped={wiped} onWipe={onWipe} />
        ))}
      </div>
    </figure>
  );
}
