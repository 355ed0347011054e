declare module '*.wgsl' {
  const text: string;
  export default text;
}

/** Made by scripts/kernels-plugin.mjs. */
declare module '#kernels' {
  export const KERNELS: string;
}
