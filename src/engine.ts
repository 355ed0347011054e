/**
 * The tensor engine: build a graph with torch's names, `grad` it, `compile` it for a device, `run` it as often as you like.
 * Functions only, so that bundlers drop what is unused; gradients come with `grad` alone.
 */
export { type Arena, createArena } from './graph/arena.js';
export { grad } from './graph/autograd.js';
export type { Choices } from './graph/choices.js';
export { add, leakyRelu, relu, tanh } from './graph/ops/activations.js';
export { adam } from './graph/ops/adam.js';
export { batchNorm } from './graph/ops/batch-norm.js';
export { conv2d, convTranspose2d } from './graph/ops/conv.js';
export type { Conv2dOptions } from './graph/ops/conv-options.js';
export { instanceEdges, oneHot } from './graph/ops/ids.js';
export { labelConv2d } from './graph/ops/label-conv.js';
export { bceWithLogits, hingeLoss, l1Loss, mseLoss } from './graph/ops/loss.js';
export { instanceNorm } from './graph/ops/norm.js';
export { reflectionPad2d, zeroPad2d } from './graph/ops/pad.js';
export {
  abs,
  clamp,
  div,
  exp,
  full,
  greater,
  log,
  maximum,
  minimum,
  mul,
  neg,
  scale,
  sigmoid,
  softplus,
  sqrt,
  square,
  sub,
  where,
} from './graph/ops/pointwise.js';
export { avgPool2d, maxPool2d, upsampleNearest2d } from './graph/ops/pool.js';
export { argmax, mean, softmaxCrossEntropy, sum } from './graph/ops/reduce.js';
export { regionMean } from './graph/ops/region.js';
export { concat, detach, reshape, slice } from './graph/ops/shape.js';
export { input, variable } from './graph/ops/source.js';
export { type DebugLevel, type KernelStats, type KernelTime, profileText } from './graph/profile.js';
export {
  type CompileOptions,
  compile,
  type Feed,
  type Feeds,
  type Program,
  type ProgramSpec,
} from './graph/program.js';
export type { ProgramStats } from './graph/stats.js';
export { destroy, read, write } from './graph/storage.js';
export { type DType, GraphError, type Tensor } from './graph/tensor.js';
export type { TuneEvent } from './graph/tune.js';
