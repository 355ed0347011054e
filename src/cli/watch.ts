// pix2pixhd watch: the dashboard of runs that train elsewhere, or are done.

import { openRuns } from '../watch/run.js';
import { serveRuns } from '../watch/server.js';
import { commandOf } from './command.js';

const DETAILS = `RUN is a run's folder, or a folder with runs in it. The page follows log.jsonl,
so a run may train in another process, end, and go on again meanwhile. It is
served on 127.0.0.1 alone; for a run on another machine, forward the port:
  ssh -L 7007:127.0.0.1:7007 HOST pix2pixhd watch RUN`;

export const watch = commandOf({
  name: 'watch',
  args: '<RUN...>',
  help: 'serve a page with curves and pictures of runs, one or several side by side',
  details: DETAILS,
  options: ['port', 'json'],
  async run({ port, json }, ...paths) {
    const runs = await openRuns(paths);
    const { url } = await serveRuns(runs, port);
    const names = runs.map(({ name }) => name);
    console.log(json ? JSON.stringify({ url, runs: names }) : `${url}\nShows ${names.join(', ')}. Ctrl-C ends it.`);
  },
});
