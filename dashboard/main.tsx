// The page of `pix2pixhd watch` and `train --dashboard`. Names come from files of others: they only ever become text.

import { render } from 'preact';
import { useState } from 'preact/hooks';
import { Config } from './config.js';
import { Curves } from './curves.js';
import { Notes } from './notes.js';
import { Runs } from './runs.js';
import { Samples } from './samples.js';
import { SERVER, useRuns } from './server.js';
import { Source } from './source.js';

function Page() {
  const { runs, connected } = useRuns();
  const [hidden, setHidden] = useState<ReadonlySet<number>>(new Set());
  const shown = runs.filter(({ number }) => !hidden.has(number));
  return (
    <Source.Provider value={SERVER}>
      <header>
        <h1>pix2pixhd</h1>
        <p role="status">
          {connected ? '' : 'Not connected: the process that serves this page has ended or is away. Trying again …'}
        </p>
      </header>
      <main>
        <Runs runs={runs} hidden={hidden} onHide={setHidden} />
        <Notes runs={shown} />
        <Curves runs={shown} />
        <Samples runs={shown} />
        <Config runs={shown} />
      </main>
    </Source.Provider>
  );
}

render(<Page />, document.body);
