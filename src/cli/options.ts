// One table describes every option of a command: it feeds the parser, `--help` and whoever else wants to list them.

import { Command, InvalidArgumentError, Option } from 'commander';

export interface OptionSpec {
  /** Kebab-case, without the dashes; `no-x` gives the option `x`, true unless it is named. */
  name: string;
  help: string;
  /** A flag takes no value. */
  type: 'flag' | 'text' | 'number' | 'integer';
  choices?: readonly string[];
  default?: string | number | boolean;
  /** How the value is called in the help; by default the type in capitals. */
  value?: string;
}

export interface CommandSpec<Options extends object> {
  name: string;
  /** Positional arguments in commander's notation: `<required>`, `[optional]`. */
  args?: string;
  help: string;
  options: readonly OptionSpec[];
  /** Gets the options by their camelCase names, and the positional arguments in order. Throws typed errors. */
  run(options: Options, ...args: string[]): Promise<void>;
}

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

function parseNumber(text: string): number {
  if (!NUMBER.test(text)) throw new InvalidArgumentError('It is not a number.');
  return Number(text);
}

function parseInteger(text: string): number {
  const value = parseNumber(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('It is not a whole number.');
  return value;
}

const PARSERS = { number: parseNumber, integer: parseInteger };

function optionOf({ name, help, type, choices, value, default: fallback }: OptionSpec): Option {
  const option = new Option(type === 'flag' ? `--${name}` : `--${name} <${value ?? type.toUpperCase()}>`, help);
  if (type === 'number' || type === 'integer') option.argParser(PARSERS[type]);
  if (choices) option.choices(choices);
  return fallback === undefined ? option : option.default(fallback);
}

export function commandOf<Options extends object>(spec: CommandSpec<Options>): Command {
  const { name, args, help, options, run } = spec;
  const command = new Command(name).description(help);
  if (args) command.arguments(args);
  for (const option of options) command.addOption(optionOf(option));
  return command.action(async () => run(command.opts<Options>(), ...command.args));
}

/** The reference's spelling in ours: `--netG` → `--net-g`, `--label_nc` → `--label-nc`, `--num_D=2` → `--num-d=2`. */
export function kebabOption(argument: string): string {
  const match = /^--([A-Za-z][\w-]*)(=.*)?$/s.exec(argument);
  if (!match) return argument;
  const name = match[1].replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return `--${name.replace(/[-_]+/g, '-').replace(/^-/, '')}${match[2] ?? ''}`;
}

/** Options that several commands share. */
export const ADAPTER: OptionSpec = {
  name: 'adapter',
  type: 'text',
  value: 'NAME',
  help: "GPU to use: part of an adapter's name, `swiftshader`, `lavapipe` or `auto` (also: PIX2PIXHD_ADAPTER)",
};
export const JSON_LINES: OptionSpec = { name: 'json', type: 'flag', help: 'print JSON instead of text' };

export const SELFTEST: OptionSpec = {
  name: 'selftest',
  help: 'run every convolution candidate against the plain one on this device and print a report to paste',
  type: 'flag',
};
