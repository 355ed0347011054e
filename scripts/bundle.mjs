// What every bundle of this project has in common: the build's, the tests' and the bench's.

import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { minify } from '@swc/core';
import { build } from 'esbuild';
import { checksPlugin } from './checks-plugin.mjs';
import { defaultsOnly } from './defaults-plugin.mjs';
import { kernelsPlugin, rootAbove } from './kernels-plugin.mjs';
import { shadersOf, squeezingPlugin, wgslPlugin } from './wgsl-plugin.mjs';

/** Packages with native or downloaded parts, which cannot be bundled and are only ever reached in Node. */
const EXTERNAL = [
  'webgpu',
  'sharp',
  'esbuild',
  '@swc/core',
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

/**
 * Modules that a build has another edition of: where `name.paint.ts` or `name.pages.ts` lies beside `name.ts`, the first of the
 * endings that is there stands for it.
 */
const editions = (endings) => ({
  name: 'editions',
  setup(build) {
    build.onResolve({ filter: /^\.\.?\/.*\.js$/ }, ({ path, resolveDir }) => {
      const files = endings.map((ending) => join(resolveDir, path.replace(/\.js$/, ending)));
      const found = files.find((file) => existsSync(file));
      return found && { path: found };
    });
  },
});

/**
 * Shaders before all code, the smallest first, so that gzip, which looks 32 KB back, finds one in the other. What nothing uses is
 * dropped as ever.
 */
const shadersFirst = {
  name: 'shaders-first',
  setup(build) {
    build.initialOptions.inject = ['#shaders'];
    build.onResolve({ filter: /^#shaders$/ }, ({ path, resolveDir }) => ({
      path,
      namespace: 'shaders',
      pluginData: rootAbove(resolveDir),
    }));
    build.onLoad({ filter: /.*/, namespace: 'shaders' }, ({ pluginData: resolveDir }) => {
      const files = shadersOf(resolveDir).map((path) => ({ path, size: statSync(path).size }));
      const imports = files.sort((a, b) => a.size - b.size).map(({ path }) => `import ${JSON.stringify(path)};`);
      return { contents: imports.join('\n'), resolveDir };
    });
  },
};

/**
 * Functions become arrows, which is unsafe only for what is called with `new`: classes alone are here. More passes than these take
 * nothing off.
 */
const COMPRESSED = { passes: 6, ecma: 2022, unsafe_arrows: true };

/** A second minifier: swc takes another 6 % of what esbuild leaves. */
async function writeSmaller({ path, text }) {
  mkdirSync(dirname(path), { recursive: true });
  const smaller = /\.m?js$/.test(path)
    ? await minify(text, { module: true, ecma: 2022, compress: COMPRESSED, mangle: true })
    : { code: text };
  writeFileSync(path, smaller.code);
}

/**
 * One minified module that imports nothing, for pages. Resolves to esbuild's result.
 * @param options esbuild's, beside the endings of editions and `options: false` for a build that knows of options no more than a training's defaults
 */
export async function bundleForPages({ endings = ['.pages.ts'], options: known = true, ...options }) {
  const result = await bundle({
    platform: 'browser',
    external: [],
    // Of syntax swc makes more when it is given all of it.
    minifyIdentifiers: true,
    minifyWhitespace: true,
    plugins: [
      squeezingPlugin,
      checksPlugin,
      kernelsPlugin,
      shadersFirst,
      ...(known ? [] : [defaultsOnly]),
      editions(endings),
    ],
    write: false,
    ...options,
  });
  await Promise.all(result.outputFiles.map(writeSmaller));
  return result;
}

/** The same without what only trainings need. */
export const bundleForPainting = (options) => bundleForPages({ endings: ['.paint.ts', '.pages.ts'], ...options });
