import { existsSync } from 'node:fs';
import { verdictOf } from '../metrics/measures.js';
import type { MetricName } from '../metrics/names.js';
import { checkpointFolder } from './checkpoint-folder.js';
import { type RunFolder, readBest } from './run-folder.js';
import type { BestKeeper } from './validation.js';

/** Goes on from what the run says of its best checkpoint, as long as that is there and by the same metric. */
export async function keepBest(run: RunFolder, metric: MetricName): Promise<BestKeeper> {
  const marked = await readBest(run.root);
  const counts = marked?.metric === metric && existsSync(checkpointFolder(run.root, marked.step));
  let best = counts ? marked.value : undefined;
  return {
    beats: (values) => verdictOf(metric, values, best).better,
    async mark(step, values) {
      const { value } = verdictOf(metric, values);
      await run.markBest({ step, metric, value });
      best = value;
    },
  };
}
