import abs from './webnn/abs.json';
import add from './webnn/add.json';
import batchNormalization from './webnn/batch_normalization.json';
import clamp from './webnn/clamp.json';
import concat from './webnn/concat.json';
import convTranspose2d from './webnn/conv_transpose2d.json';
import conv2d from './webnn/conv2d.json';
import div from './webnn/div.json';
import exp from './webnn/exp.json';
import instanceNormalization from './webnn/instance_normalization.json';
import leakyRelu from './webnn/leaky_relu.json';
import mul from './webnn/mul.json';
import neg from './webnn/neg.json';
import pad from './webnn/pad.json';
import pooling from './webnn/pooling.json';
import reduceMean from './webnn/reduce_mean.json';
import reduceSum from './webnn/reduce_sum.json';
import relu from './webnn/relu.json';
import resample2d from './webnn/resample2d.json';
import sigmoid from './webnn/sigmoid.json';
import slice from './webnn/slice.json';
import softplus from './webnn/softplus.json';
import sqrt from './webnn/sqrt.json';
import sub from './webnn/sub.json';
import tanh from './webnn/tanh.json';
import type { WebnnTest } from './webnn.js';

/** The cases by kind, as web-platform-tests keeps them. */
export const files = {
  abs,
  add,
  batchNormalization,
  clamp,
  concat,
  conv2d,
  convTranspose2d,
  div,
  exp,
  instanceNormalization,
  leakyRelu,
  mul,
  neg,
  pad,
  pooling,
  reduceMean,
  reduceSum,
  relu,
  resample2d,
  sigmoid,
  slice,
  softplus,
  sqrt,
  sub,
  tanh,
} as unknown as Record<string, { tests: WebnnTest[] }>;
