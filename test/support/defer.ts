// Imported before any test file: uvu then queues its suites instead of running them, and run.ts does the rest.

Object.assign(globalThis, { UVU_DEFER: 1, UVU_INDEX: 0, UVU_QUEUE: [[null]] });
