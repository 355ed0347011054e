// What the bench asks of an engine, ours and the others alike.

import type { Case } from './cases.js';
import type { Operands } from './operands.js';

/** A case made ready on an engine. */
export interface Prepared {
  /** Once, to the end of the work; nothing is read back. */
  run(): Promise<void>;
  /** What it computes, in torch's layout. Runs it, and so warms it. */
  result(): Promise<Float32Array>;
  /** Name of the kernels that were chosen. */
  candidate?: string;
  close(): void;
}

export interface Engine {
  name: string;
  version: string;
  /** Undefined for what the engine has no operator for. */
  prepare(layer: Case, operands: Operands): Promise<Prepared | undefined>;
}
