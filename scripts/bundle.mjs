// What every bundle of this project has in common: the build's, the tests' and the bench's.

import { build } from 'esbuild';
import { kernelsPlugin } from './kernels-plugin.mjs';
import { squeezingPlugin, wgslPlugin } from './wgsl-plugin.mjs';

/** Packages with native or downloaded parts, which cannot be bundled and are only ever reached in Node. */
const EXTERNAL = [
  'webgpu',
  'sharp',
  'esbuild',
  'typescript',
  'playwright-core',
  '@sparticuz/chromium',
  'onnxruntime-web',
];

/** Bundled CommonJS packages (commander) call require() for Node's own modules, which an ES module does not have. */
export const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

export const bundle = (options) =>
  build({
    bundle: true,
    format: 'esm',
    target: 'es2023',
    external: EXTERNAL,
    plugins: [wgslPlugin, kernelsPlugin],
    logLevel: 'warning',
    ...options,
  });

export const bundleForNode = (options) => bundle({ platform: 'node', banner: { js: REQUIRE }, ...options });

/** Pages never tune, and what measures candidates would be a third of what they load. */
const withoutTuning = {
  name: 'without-tuning',
  setup(build) {
    build.onResolve({ filter: /^\.\/tune\.js$/ }, () => ({ path: 'tune', namespace: 'without-tuning' }));
    build.onLoad({ filter: /.*/, namespace: 'without-tuning' }, () => ({
      contents: "export const tuned = () => { throw new Error('tune: this build has only the usual candidates'); };",
    }));
  },
};

/** One minified module that imports nothing, for pages. Resolves to esbuild's result. */
export const bundleForPages = (options) =>
  bundle({
    platform: 'browser',
    external: [],
    minify: true,
    plugins: [squeezingPlugin, kernelsPlugin, withoutTuning],
    ...options,
  });
