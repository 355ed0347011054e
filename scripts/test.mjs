// npm test: builds the test files into one bundle per runtime, runs each in a process of its own and adds up.
// The last line is `N passed, N failed`; the exit code is 0 only if something ran and nothing failed.

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { installIfStale } from './install.mjs';

const USAGE = `npm test -- [options]
  --host              only the tests that need no shared device
  --engine            only the engine's tests (*.gpu.test.ts), in Node
  --browser           only the engine's tests, in headless Chromium
  --pages             only the tests of the pages (*.pages.test.ts), which drive headless Chromium
                      (the four add up; none: --host --engine)
  --adapter NAME      auto (default), lavapipe, swiftshader or a part of an adapter's name; Node only
  --limits default    give the engine no more than WebGPU guarantees on every machine
  --only PATTERN      only test files whose path matches this regular expression
  --deep              the long tests (*.deep.ts) instead
  --timeout MINUTES   for each runtime (20; with --deep 90)`;

const FLAG = { type: 'boolean' };
const TEXT = { type: 'string' };
const OPTIONS = { host: FLAG, engine: FLAG, browser: FLAG, pages: FLAG, deep: FLAG, help: FLAG };
const { values: options } = parseArgs({
  options: { ...OPTIONS, adapter: TEXT, limits: TEXT, only: TEXT, timeout: TEXT },
});
const timeoutMs = Number(options.timeout ?? (options.deep ? 90 : 20)) * 60_000;

const isEngine = (file) => /\.gpu\.(test|deep)\.ts$/.test(file);
const isPages = (file) => /\.pages\.test\.ts$/.test(file);
const isHost = (file) => !isEngine(file) && !isPages(file);

const RUNTIMES = [
  { name: 'host', owns: isHost, runtime: 'node', byDefault: true },
  { name: 'engine', owns: isEngine, runtime: 'node', byDefault: true },
  { name: 'browser', owns: isEngine, runtime: 'browser', byDefault: false },
  { name: 'pages', owns: isPages, runtime: 'node', byDefault: false },
];

function testFiles() {
  const ending = options.deep ? '.deep.ts' : '.test.ts';
  const files = readdirSync('test', { recursive: true }).map((file) => `test/${file.replaceAll('\\', '/')}`);
  const pattern = new RegExp(options.only ?? '');
  return files.filter((file) => file.endsWith(ending) && pattern.test(file)).sort();
}

/** One bundle of all files, between the module that makes uvu wait and the one that runs what has queued up. */
async function bundleTests({ name, runtime }, files) {
  const { bundle, bundleForNode, bundleForPainting } = await import('./bundle.mjs');
  const outfile = resolve('.cache', 'test', `${name}.mjs`);
  const painting = resolve('.cache', 'test', `${name}-painting.mjs`);
  if (files.some(isEngine)) await bundleForPainting({ entryPoints: ['test/support/painting.ts'], outfile: painting });
  const imports = ['test/support/defer.ts', ...files, 'test/support/main.ts'].map((file) => `import './${file}';`);
  const make = runtime === 'node' ? bundleForNode : bundle;
  await make({
    stdin: { contents: imports.join('\n'), resolveDir: process.cwd(), sourcefile: `${name}-tests.ts` },
    alias: { '#runtime': resolve('test', 'support', `runtime.${runtime}.ts`), '#painting': painting },
    // package.json calls every module free of side effects, which test files are not.
    ignoreAnnotations: true,
    sourcemap: 'inline',
    // What minifying leaves in '#painting'.
    logOverride: { 'suspicious-nullish-coalescing': 'silent' },
    outfile,
  });
  return outfile;
}

/** Resolves to the counts the bundle reports; rejects when its process dies, hangs or never reports. */
function runInNode(bundle) {
  const env = { ...process.env, PIX2PIXHD_ADAPTER: options.adapter ?? '', PIX2PIXHD_LIMITS: options.limits ?? '' };
  const child = spawn(process.execPath, ['--enable-source-maps', '--expose-gc', bundle], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  return new Promise((done, fail) => {
    let counts;
    child.on('message', (message) => {
      counts = message;
      // A device or a socket left open shows as a process that does not end.
      setTimeout(() => child.kill('SIGKILL'), 10_000).unref();
    });
    child.on('exit', (code, signal) => {
      if (counts && !signal) done(counts);
      else if (counts) fail(new Error('its tests ended, but the process did not end by itself within 10 s'));
      else fail(new Error(`the process ended without a result (${signal ?? `exit code ${code}`})`));
    });
  });
}

/** Where a bundle of tests looks for pages first. */
async function buildPages() {
  const [{ buildEditor }, { buildTraining }] = await Promise.all([import('./editor.mjs'), import('./training.mjs')]);
  await Promise.all([buildEditor('.cache/test/editor'), buildTraining('.cache/test/training')]);
}

async function runInBrowser(bundle, write) {
  const { runInChromium } = await import('../test/browser/chromium.mjs');
  return runInChromium({ bundle, timeoutMs, write, query: options.limits ? `?limits=${options.limits}` : '' });
}

const toStdout = (text) => process.stdout.write(text);

async function run(group, files, write) {
  const where = [
    group.runtime === 'browser' ? 'Chromium' : 'Node',
    ['host', 'pages'].includes(group.name) ? '' : settings(),
  ];
  write(`\n${group.name}: ${files.length} test files in ${where.filter(Boolean).join(', ')}\n`);
  const start = performance.now();
  try {
    if (group.name === 'pages') await buildPages();
    const bundle = await bundleTests(group, files);
    const counts = await (group.runtime === 'browser' ? runInBrowser(bundle, write) : runInNode(bundle));
    write(`${group.name}: ${counts.passed} passed, ${counts.failed} failed in ${seconds(start)}\n`);
    return counts;
  } catch (error) {
    write(`${group.name}: ${error.message} (after ${seconds(start)}). Counted as one failure\n`);
    return { passed: 0, failed: 1 };
  }
}

const seconds = (start) => `${((performance.now() - start) / 1000).toFixed(1)} s`;
const settings = () =>
  `adapter ${options.adapter ?? 'auto'}, ${options.limits === 'default' ? 'default' : "the adapter's"} limits`;

/** Node and Chromium on the same SwiftShader must agree in every bit; other adapters need not. */
function sameBits(results) {
  const [node, browser] = ['engine', 'browser'].map((name) => results.get(name)?.digests);
  const counts = { passed: 0, failed: 0 };
  if (!node || !browser || options.adapter !== 'swiftshader') return counts;
  for (const name of new Set([...Object.keys(node), ...Object.keys(browser)])) {
    const same = node[name] === browser[name];
    counts[same ? 'passed' : 'failed']++;
    console.log(`same bits in Node and Chromium: ${name}: ${same ? 'yes' : `no (${node[name]} and ${browser[name]})`}`);
  }
  return counts;
}

/**
 * The groups one after the other, but Chromium beside them: on SwiftShader either mostly compiles shaders, which takes one core. What
 * Chromium says comes behind. Resolves to the counts by the group's name.
 */
async function runAll(groups, files) {
  const jobs = groups.map((group) => ({ group, own: files.filter(group.owns) })).filter(({ own }) => own.length > 0);
  const aside = jobs.length > 1 ? jobs.find(({ group }) => group.name === 'browser') : undefined;
  const said = [];
  const beside = aside && run(aside.group, aside.own, (text) => said.push(text));
  const results = new Map();
  for (const job of jobs) {
    if (job !== aside) results.set(job.group.name, await run(job.group, job.own, toStdout));
  }
  if (aside) results.set('browser', await beside);
  toStdout(said.join(''));
  return results;
}

async function main() {
  if (options.help) return console.log(USAGE);
  installIfStale();
  const named = RUNTIMES.filter(({ name }) => options[name]);
  const groups = named.length > 0 ? named : RUNTIMES.filter(({ byDefault }) => byDefault);
  const results = await runAll(groups, testFiles());
  const counts = [...results.values(), sameBits(results)];
  const total = (name) => counts.reduce((sum, count) => sum + count[name], 0);
  const [passed, failed] = [total('passed'), total('failed')];
  if (passed + failed === 0) console.error('No test ran. Does --only match a file?');
  process.exitCode = passed > 0 && failed === 0 ? 0 : 1;
  console.log(`\n${passed} passed, ${failed} failed`);
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
await main();
