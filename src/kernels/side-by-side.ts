import type { ConvShape } from './conv.js';
import type { Kernel } from './kernel.js';

/**
 * What winograd-weights.wgsl and winograd2-weights.wgsl are given for whole weights [I, O, 3, 3] with O a multiple of 4, else nothing: the kernels of four outputs are
 * nine vec4 in a row, and a compiler loads each once for all taps. On lavapipe the whole takes 7 to 15 % less than with 36 loads
 * of a number; [O, I, 3, 3] so, by four inputs a thread, takes as long as by numbers.
 */
export const sideBySide = ({
  transposed,
  outputs,
}: Pick<ConvShape, 'transposed' | 'outputs'>): Partial<Pick<Kernel, 'constants' | 'hooks'>> =>
  transposed && outputs % 4 === 0 ? { constants: { Source: 'vec4f' }, hooks: { gather: GATHER } } : {};

/** Taps are backwards: `transposed`. */
const GATHER = `fn number(first: u32, i: u32) -> f32 { let four = w[first / 4u + i / 4u]; return four[i % 4u]; }
fn gather(first: u32, tap: u32, there: u32) -> Value {
  return select(vec4f(), vec4f(number(first, 8u - tap), number(first, 17u - tap), number(first, 26u - tap), number(first, 35u - tap)), there > 0u);
}`;
