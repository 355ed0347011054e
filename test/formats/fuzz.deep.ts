import { fuzz } from './mutate.js';
import { targets } from './targets.js';

const seed = Number(process.env.FUZZ_SEED ?? 1);
const runs = Number(process.env.FUZZ_RUNS ?? 1_000_000);
const start = performance.now();
console.log(JSON.stringify(await fuzz(targets, runs, seed)), `${Math.round((performance.now() - start) / 1000)} s`);
