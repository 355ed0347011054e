// The command line `pix2pixhd`. Exit codes: 0 ok, 2 usage, 65 bad data, 66 missing file, 70 internal, 74 I/O or no device,
// 75 device lost (trying again may help), 130/143 signals.

import { isMainThread, workerData } from 'node:worker_threads';
import { Command, CommanderError } from 'commander';
import { type LoadWorkerData, serveLoads } from '../data/load-worker.js';
import { ProjectError } from '../errors.js';
import { VERSION } from '../version.js';
import { check } from './check.js';
import { kebabOption } from './command.js';
import { demo } from './demo.js';
import { devices } from './devices.js';
import { edit } from './edit.js';
import { encode } from './encode.js';
import { evaluate } from './evaluate.js';
import { exportCommand } from './export.js';
import { generate } from './generate.js';
import { importCommand } from './import.js';
import { studio } from './studio.js';
import { train } from './train.js';
import { watch } from './watch.js';

const COMMANDS = [
  demo,
  train,
  encode,
  generate,
  edit,
  evaluate,
  importCommand,
  exportCommand,
  check,
  watch,
  studio,
  devices,
];

function program(): Command {
  const root = new Command('pix2pixhd')
    .description('pix2pixHD on WebGPU: train, generate and edit pictures from label maps')
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError('(--help lists the options)');
  for (const command of COMMANDS) root.addCommand(command.copyInheritedSettings(root));
  return root;
}

/** Tells people what went wrong and returns the exit code; only faults of this program show a stack. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof ProjectError) {
    console.error(`pix2pixhd: ${error.message}`);
    return error.exitCode;
  }
  console.error(error);
  return 70;
}

/** A thread of this same file loads pictures. */
const isLoader = (data: unknown): data is LoadWorkerData => !isMainThread && (data as LoadWorkerData)?.loads === true;

async function main(): Promise<void> {
  try {
    await program().parseAsync(process.argv.slice(2).map(kebabOption), { from: 'user' });
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}

if (isLoader(workerData)) serveLoads(workerData);
else await main();
