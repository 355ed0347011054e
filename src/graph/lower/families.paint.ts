// Pages that paint choose by themselves: candidates.paint.ts.

export const CONVOLUTIONS = undefined;
export const WEIGHT_GRADIENTS = undefined;
