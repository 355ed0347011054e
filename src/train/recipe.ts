/**
 * The Earth at 1024 pixels around, crops of 64: small enough for a CPU to learn it in minutes. A quarter of the reference's
 * filters, a single discriminator of one layer, and a higher rate because the schedule is short. Of discriminators with one,
 * two and three layers the shallow one learned colours soonest: in these 720 steps forests become olive and ice white.
 */
export const EARTH_RECIPE = {
  'resize-or-crop': 'scale_width_and_crop',
  'load-size': 128,
  'fine-size': 64,
  ngf: 16,
  'n-downsample-global': 2,
  'n-blocks-global': 2,
  ndf: 16,
  'num-d': 1,
  'n-layers-d': 1,
  niter: 32,
  'niter-decay': 28,
  lr: 5e-4,
  'display-freq': 200,
} as const;
