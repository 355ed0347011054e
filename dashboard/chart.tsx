import './language.js';
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { smoothed } from './smooth.js';
import type { Range } from './source.js';

export interface Line {
  /** Of its run, which gives it its colour. */
  number: number;
  run: string;
  steps: number[];
  values: (number | null)[];
}

interface Props {
  title: string;
  format(value: number): string;
  lines: readonly Line[];
  smoothing: number;
  range: Range;
  /** The last step of all runs. */
  whole: number;
  onRange(range: Range): void;
}

const HEIGHT = 200;
/** What is left of a curve behind its average. */
const FAINT = 0.25;

/** Colours stand in page.css, where they follow the scheme; a chart reads them whenever it draws. */
const colour = (name: string) => () => getComputedStyle(document.body).getPropertyValue(name);

const series = (number: number, alpha: number): uPlot.Series => ({
  stroke: colour(`--run-${number % 8}`),
  width: 1.5,
  alpha,
  spanGaps: true,
  points: { show: false },
});

/** Each run's curve, faint, and its average. Runs have steps of their own: joined, a run has gaps at those of others. */
function dataOf(lines: readonly Line[], smoothing: number): uPlot.AlignedData {
  const tables = lines.map(({ steps, values }): uPlot.AlignedData => [steps, values, smoothed(values, smoothing)]);
  return tables.length > 0 ? uPlot.join(tables) : [[]];
}

const axis = (format: (value: number) => string, size: number): uPlot.Axis => ({
  stroke: colour('--faint'),
  grid: { stroke: colour('--rule'), width: 1 },
  ticks: { show: false },
  font: '11px system-ui',
  size,
  values: (_, splits) => splits.map(format),
});

function options({ format, lines, smoothing, onRange }: Props, onCursor: (index: number | null) => void) {
  const zoom = (u: uPlot) => {
    const { left, width } = u.select;
    if (width > 0) onRange([u.posToVal(left, 'x'), u.posToVal(left + width, 'x')]);
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  };
  return {
    width: 400,
    height: HEIGHT,
    legend: { show: false },
    scales: { x: { time: false } },
    axes: [axis(String, 28), axis(format, 62)],
    series: [{}, ...lines.flatMap(({ number }) => [series(number, smoothing > 0 ? FAINT : 0), series(number, 1)])],
    cursor: { sync: { key: 'steps' }, drag: { setScale: false }, points: { show: false } },
    hooks: { setSelect: [zoom], setCursor: [({ cursor }: uPlot) => onCursor(cursor.idx ?? null)] },
  } satisfies uPlot.Options;
}

/** Steps after a key: nearer, further, to the sides, all; undefined for other keys. */
function movedBy(key: string, range: Range, whole: number): Range | undefined {
  const [from, to] = range ?? [0, whole];
  const width = to - from;
  const clamped = (a: number, b: number): Range => (b - a >= whole ? null : [Math.max(0, a), Math.min(whole, b)]);
  if (key === '+' || key === '=') return clamped(from + width / 4, to - width / 4);
  if (key === '-') return clamped(from - width / 2, to + width / 2);
  if (key === 'ArrowLeft') return range && clamped(from - Math.min(from, width / 4), to - Math.min(from, width / 4));
  if (key === 'ArrowRight') {
    const by = Math.min(whole - to, width / 4);
    return range && clamped(from + by, to + by);
  }
  return key === '0' ? null : undefined;
}

/** Does it in a task of its own, so that many charts do not make one long one; gives what undoes it. */
function soon(action: () => (() => void) | undefined): () => void {
  let undo: (() => void) | undefined;
  const timer = setTimeout(() => {
    undo = action();
  });
  return () => {
    clearTimeout(timer);
    undo?.();
  };
}

/** Keeps a plot as wide as its place, and in the colours of the scheme; gives what ends it. */
function keepUp(plot: uPlot, place: HTMLElement): () => void {
  const fit = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT }));
  fit.observe(place);
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  const redraw = () => plot.redraw(false);
  scheme.addEventListener('change', redraw);
  return () => {
    fit.disconnect();
    scheme.removeEventListener('change', redraw);
    plot.destroy();
  };
}

/** Draws the curves; gives the ref of where. A new plot where there are other runs, else the data alone are new. */
function usePlot(props: Props, data: uPlot.AlignedData, onCursor: (index: number | null) => void) {
  const { lines, smoothing, range } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  useEffect(
    () =>
      soon(() => {
        plot.current = new uPlot(options(props, onCursor), data, place.current!);
        return keepUp(plot.current, place.current!);
      }),
    [lines.map(({ number }) => number).join(), smoothing > 0],
  );

  useEffect(
    () =>
      soon(() => {
        plot.current!.setData(data, range === null);
        if (range) plot.current!.setScale('x', { min: range[0], max: range[1] });
        return undefined;
      }),
    [lines, smoothing, range],
  );
  return place;
}

/** The curves of one quantity. */
export function Chart(props: Props) {
  const { title, format, lines, smoothing, range, whole, onRange } = props;
  const [cursor, setCursor] = useState<number | null>(null);
  const data = dataOf(lines, smoothing);
  const place = usePlot(props, data, setCursor);

  /** The average under the cursor, else the last one. */
  const reading = (i: number): string => {
    const values = [...(data[2 * i + 2] ?? [])];
    const value = cursor === null ? values.findLast((each) => typeof each === 'number') : values[cursor];
    return typeof value === 'number' ? format(value) : '–';
  };
  const at = cursor === null ? 'last' : `step ${data[0][cursor] ?? ''}`;
  const keys = (event: KeyboardEvent) => {
    const moved = movedBy(event.key, range, whole);
    if (moved === undefined) return;
    event.preventDefault();
    onRange(moved);
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes keys
    <figure class="chart" tabIndex={0} onKeyDown={keys} aria-label={`${title}: ${lines.map((_, i) => reading(i))}`}>
      <figcaption>
        <strong>{title}</strong> <small>{at}</small>
        {lines.map(({ number }, i) => (
          <span key={number} class={`reading run-${number % 8}`}>
            <span class="swatch" /> {reading(i)}
          </span>
        ))}
      </figcaption>
      <div ref={place} />
    </figure>
  );
}
