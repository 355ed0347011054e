import { workerData } from 'node:worker_threads';
import { serveLoads } from '../../src/data/load-worker.js';

serveLoads(workerData);
