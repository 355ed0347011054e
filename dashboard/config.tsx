import { useState } from 'preact/hooks';
import type { Run } from './source.js';

const shown = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

/** An option of each run a row. */
function rowsOf(runs: readonly Run[]) {
  const names = [...new Set(runs.flatMap(({ config }) => Object.keys(config)))];
  return names.map((name) => {
    const values = runs.map(({ config }) => shown(Object.hasOwn(config, name) ? config[name] : undefined));
    return { name, values, differs: new Set(values).size > 1 };
  });
}

/** The options of the runs, one a column. */
export function Config({ runs }: { runs: readonly Run[] }) {
  const [onlyDiffering, setOnlyDiffering] = useState(false);
  const several = runs.length > 1;
  const rows = rowsOf(runs).filter(({ differs }) => differs || !(several && onlyDiffering));
  return (
    <details class="config">
      <summary>Configuration</summary>
      {several && (
        <label>
          <input type="checkbox" checked={onlyDiffering} onChange={() => setOnlyDiffering(!onlyDiffering)} /> only what
          differs
        </label>
      )}
      <table>
        {several && (
          <thead>
            <tr>
              <th scope="col">option</th>
              {runs.map(({ name, number }) => (
                <th key={number} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {rows.map(({ name, values, differs }) => (
            <tr key={name} class={differs ? 'differs' : undefined}>
              <th scope="row">{name}</th>
              {values.map((value, i) => (
                <td key={i}>{value}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
