/**
 * Exponential average of a curve: each point keeps `weight` of the average before it. Divided by the weights that have come together,
 * so that the first points are not drawn towards zero.
 * @param weight 0 (the curve itself) to below 1
 */
export function smoothed(values: readonly (number | null)[], weight: number): (number | null)[] {
  let sum = 0;
  let weights = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = weight * sum + (1 - weight) * value;
    weights = weight * weights + (1 - weight);
    return sum / weights;
  });
}
