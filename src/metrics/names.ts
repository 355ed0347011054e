/** What a validation can measure, and by what a checkpoint can be the best. */
export const METRIC_NAMES = ['l1', 'psnr', 'ssim', 'lpips', 'consistency'] as const;
export type MetricName = (typeof METRIC_NAMES)[number];
