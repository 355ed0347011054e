// WGSL of elementwise functions of `a`, and of `b` where there are two, that nets paint with.

export const ADD = 'a + b';
export const MUL = 'a * b';
export const RELU = 'max(a, 0.0)';
export const LEAKY_RELU = 'select(a * b, a, a >= 0.0)';
/** Clamped first: plain `tanh` is NaN for |x| ≥ 88.8 on a software adapter and for less on some GPUs. */
export const TANH = 'tanh(clamp(a, -15.0, 15.0))';
