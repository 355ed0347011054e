import { useState } from 'preact/hooks';
import type { Curves as Columns } from '../src/watch/history.js';
import { Chart, type Line } from './chart.js';
import { bytes, short } from './format.js';
import { type Range, type Run, useCurves } from './source.js';

interface Quantity {
  title: string;
  format(value: number): string;
}

/** What a line of the log holds besides losses and measures, in the order it is shown in. */
const KNOWN: Record<string, Quantity> = {
  lr: { title: 'learning rate', format: short },
  imagesPerSecond: { title: 'images a second', format: short },
  deviceBytes: { title: 'GPU memory', format: bytes },
  ms: { title: 'step, ms', format: short },
  waitMs: { title: 'waiting for data, ms', format: short },
};
const UNSHOWN = ['epoch', 'time', 'secondsLeft'];

/** Losses and measures first, in the order of the log. */
function quantitiesOf(curves: ReadonlyMap<number, Columns>): [string, Quantity][] {
  const names = [...new Set([...curves.values()].flatMap(({ columns }) => Object.keys(columns)))];
  const others = names.filter((name) => !Object.hasOwn(KNOWN, name) && !UNSHOWN.includes(name));
  const known = Object.keys(KNOWN).filter((name) => names.includes(name));
  return [
    ...others.map((name): [string, Quantity] => [name, { title: name, format: short }]),
    ...known.map((name): [string, Quantity] => [name, KNOWN[name]!]),
  ];
}

/** A quantity of those runs that have it. */
const linesOf = (name: string, runs: readonly Run[], curves: ReadonlyMap<number, Columns>): Line[] =>
  runs.flatMap(({ number, name: run }) => {
    const { steps = [], columns = {} } = curves.get(number) ?? {};
    const values = Object.hasOwn(columns, name) ? columns[name] : undefined;
    return values ? [{ number, run, steps, values }] : [];
  });

/** A chart for every quantity, with a line for every run. All show the same steps. */
export function Curves({ runs }: { runs: readonly Run[] }) {
  const [smoothing, setSmoothing] = useState(0.6);
  const [range, setRange] = useState<Range>(null);
  const curves = useCurves(runs, range);
  const whole = Math.max(1, ...runs.map(({ step }) => step));
  return (
    <section aria-label="Curves">
      <h2>Curves</h2>
      <p class="controls">
        <label>
          smoothing{' '}
          <input
            type="range"
            min="0"
            max="0.99"
            step="0.01"
            value={smoothing}
            onInput={({ currentTarget }) => setSmoothing(Number(currentTarget.value))}
          />{' '}
          <output>{smoothing.toFixed(2)}</output>
        </label>
        <button type="button" disabled={range === null} onClick={() => setRange(null)}>
          All steps
        </button>
        <span class="hint">Drag over a chart to zoom; on a focused one, + − ← → and 0.</span>
      </p>
      <div class="charts">
        {quantitiesOf(curves).map(([name, quantity]) => (
          <Chart
            key={name}
            {...quantity}
            smoothing={smoothing}
            range={range}
            whole={whole}
            onRange={setRange}
            lines={linesOf(name, runs, curves)}
          />
        ))}
      </div>
    </section>
  );
}
