import { useState } from 'preact/hooks';
import { Config } from '../../dashboard/config.js';
import { Curves } from '../../dashboard/curves.js';
import { Notes } from '../../dashboard/notes.js';
import { Standing, toggled } from '../../dashboard/runs.js';
import { Samples } from '../../dashboard/samples.js';
import { type Run, Source } from '../../dashboard/source.js';
import { saveFile } from '../../editor/view/files.js';
import type { Model, State } from '../model.js';
import { droppedFiles, type NamedFile } from './files.js';
import { Form } from './form.js';

/** The page: a new run, the runs there are, and how those look that are shown. */
export function App({ model }: { model: Model }) {
  const { state, source } = model;
  const [files, setFiles] = useState<readonly NamedFile[]>();
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const runs = model.runs().map((run, number): Run => ({ ...run, number }));
  const shown = runs.filter(({ name }) => !hidden.has(name));
  const drop = (event: DragEvent) => {
    event.preventDefault();
    if (event.dataTransfer) droppedFiles(event.dataTransfer).then(setFiles, model.fail);
  };
  return (
    <Source.Provider value={source}>
      <Head says={state.says} error={state.error} />
      <main onDragOver={(event) => event.preventDefault()} onDrop={drop}>
        <Form
          taken={runs.map(({ name }) => name)}
          busy={state.training !== undefined}
          files={files}
          onFiles={setFiles}
          onStart={model.start}
          onError={model.fail}
        />
        <section aria-label="Runs" class="runs">
          {runs.map((run) => (
            <KeptRun
              key={run.name}
              run={run}
              model={model}
              shown={!hidden.has(run.name)}
              onToggle={() => setHidden(toggled(hidden, run.name))}
            />
          ))}
        </section>
        <Notes runs={shown} />
        {shown.length > 0 && <Curves runs={shown} />}
        <Samples runs={shown} />
        {shown.length > 0 && <Config runs={shown} />}
      </main>
    </Source.Provider>
  );
}

const Head = ({ says, error }: Pick<State, 'says' | 'error'>) => (
  <>
    <header>
      <h1>pix2pixhd training</h1>
      <p role="status">{says}</p>
    </header>
    {error && (
      <p class="card error" role="alert">
        {error}
      </p>
    )}
  </>
);

interface KeptProps {
  run: Run;
  model: Model;
  shown: boolean;
  onToggle(): void;
}

/** Where a run stands, and what can be done with it. */
function KeptRun({ run, model, shown, onToggle }: KeptProps) {
  const { name } = run;
  return (
    <article class={`run-${run.number % 8}`} aria-label={name}>
      <h2>
        <label>
          <input type="checkbox" checked={shown} onChange={onToggle} />
          <span class="swatch" /> {name}
        </label>
      </h2>
      <Standing run={run} />
      <Controls run={run} model={model} />
      {run.checkpoints.length > 0 && (
        <p class="hint">
          Unpacked, the command line goes on with it:{' '}
          <code>
            pix2pixhd train {String(run.config.dataroot)} --resume --out {name}
          </code>
        </p>
      )}
    </article>
  );
}

function Controls({ run: { name, checkpoints }, model }: Pick<KeptProps, 'run' | 'model'>) {
  const { training, pausing } = model.state;
  const trains = training === name;
  const save = async () => {
    const zip = await model.zip(name);
    if (zip) saveFile(zip, `${name}.zip`);
  };
  const remove = () => confirm(`Remove ${name} with its checkpoints?`) && model.remove(name);
  return (
    <p class="controls">
      {trains ? (
        <button type="button" disabled={pausing} onClick={model.pause}>
          {pausing ? 'Pausing …' : 'Pause'}
        </button>
      ) : (
        <button type="button" disabled={training !== undefined} onClick={() => model.goOn(name)}>
          Go on
        </button>
      )}
      <button type="button" disabled={trains || checkpoints.length === 0} onClick={save}>
        Download
      </button>
      <button type="button" disabled={trains} onClick={remove}>
        Remove
      </button>
    </p>
  );
}
