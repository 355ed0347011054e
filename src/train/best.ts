import { verdictOf } from '../metrics/measures.js';
import type { MetricName } from '../metrics/names.js';
import { readBest } from './run-folder.js';
import type { BestKeeper } from './validation.js';

/** Goes on from what the run's best checkpoint says, where that is by the same metric. */
export async function keepBest(run: string, metric: MetricName): Promise<BestKeeper> {
  const marked = await readBest(run);
  let best = marked?.metric === metric ? marked.value : undefined;
  return {
    beats(values) {
      const { value, better } = verdictOf(metric, values, best);
      return better ? { metric, value } : undefined;
    },
    saved(mark) {
      best = mark.value;
    },
  };
}
