// What the bench asks of an engine, ours and the others alike.

import type { Size } from '../src/data/resample.js';
import type { Nets } from '../src/train/nets.js';
import type { Case } from './cases.js';
import type { Operands, Values } from './operands.js';
import type { Picture, Weights } from './step.js';

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

/** A whole generator on x [1, C, H, W]; where x is an encoded picture, an engine that takes ids may have that instead. */
export interface GeneratorCase {
  nets: Nets;
  weights: Weights;
  x: Values;
  picture?: Picture;
}

/** A whole training step; its results are the losses G_GAN, G_GAN_Feat, D_real and D_fake, of the first step those of the weights given. */
export interface StepCase {
  nets: Nets;
  weights: { G: Weights; D: Weights };
  picture: Picture;
  size: Size;
}

export interface Engine {
  name: string;
  version: string;
  /** Undefined for what the engine has no operator for. */
  prepare(layer: Case, operands: Operands): Promise<Prepared | undefined>;
  generator?(given: GeneratorCase): Promise<Prepared>;
  step?(given: StepCase): Promise<Prepared>;
}
