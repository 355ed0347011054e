// esbuild plugin: the tables of options without their help, for builds that check options but show them to nobody.

import { readFile } from 'node:fs/promises';

const HELP = /\bhelp:\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`)/g;

/** The source of a table with '' for every help that is one literal. */
export const stripHelp = (source) => source.replace(HELP, "help: ''");

export const withoutHelp = {
  name: 'without-help',
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/]options[\\/].*\.ts$/ }, async ({ path }) => ({
      contents: stripHelp(await readFile(path, 'utf8')),
      loader: 'ts',
    }));
  },
};
