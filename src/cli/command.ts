// Commands as data: which rows of the option table one takes, and what it does with their values.

import { basename, relative } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../errors.js';
import { boundsText, type Camel, camelCase, kebabCase, type OptionSpec, parseValue } from '../options/option.js';
import { OPTIONS, type OptionName, type OptionValues } from '../options/table.js';

/** Values of the options `N`, of which `R` have to be given. */
type Needed<N extends OptionName, R extends N> = OptionValues<Exclude<N, R>> & {
  [K in keyof OptionValues<R>]: NonNullable<OptionValues<R>[K]>;
};

/** The camelCase names of the options that stand on the command line. */
export type Given = { given: readonly string[] };

export interface CommandSpec<N extends OptionName, R extends N> {
  name: string;
  /** Positional arguments in commander's notation: `<required>`, `[optional]`. */
  args?: string;
  help: string;
  /** What follows the options in its help, in lines of 80 characters. */
  details?: string;
  options: readonly N[];
  required?: readonly R[];
  /** Where they differ from the table's. */
  defaults?: Partial<Record<N, string | number>>;
  /** Further options that are taken and change nothing, and why. */
  ignored?: { options: readonly OptionName[]; why: string };
  /**
   * Values, by camelCase name, that go before the table's defaults where an option is not given: of a run that goes on. Flags can then be
   * taken back: `--no-spectral-norm`, or `--flip` for `--no-flip`.
   */
  stored?(options: OptionValues<N>, ...args: string[]): Promise<Record<string, unknown>>;
  /** Gets the options by their camelCase names, and the positional arguments in order. Throws typed errors. */
  run(options: Needed<N, R> & Given, ...args: string[]): Promise<void>;
}

function parsed(text: string, spec: OptionSpec): string | number {
  try {
    return parseValue(text, spec);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

const spelling = (name: OptionName): string => (OPTIONS[name] as OptionSpec).spelled ?? name;

function optionOf(name: string, spec: OptionSpec, fallback: string | number | undefined, required: boolean): Option {
  const { type, value, choices, group, help } = spec;
  const shownValue = value ?? type.toUpperCase();
  const flags = type === 'flag' ? `--${name}` : `--${name} ${spec.optional ? `[${shownValue}]` : `<${shownValue}>`}`;
  const details = [...(choices ? [choices.join(', ')] : []), boundsText(spec), ...(required ? ['required'] : [])];
  const shown = details.filter(Boolean).map((text) => ` [${text}]`);
  const option = new Option(flags, help + shown.join('')).helpGroup(`${group}:`);
  if (type !== 'flag') option.argParser((text) => parsed(text, spec));
  if (spec.optional) option.preset('');
  if (required) option.makeOptionMandatory();
  if (spec.without ?? spec.refused) option.hideHelp();
  return fallback === undefined ? option : option.default(fallback);
}

const isFlag = (name: OptionName): boolean => OPTIONS[name].type === 'flag';

/** The spelling that takes a flag back: `no-x` for `x`, and `x` for `no-x`. */
const oppositeOf = (name: OptionName): string => (name.startsWith('no-') ? name.slice(3) : `no-${name}`);

/** The flags of some options, each by the spelling that takes it back; not where that is an option itself, as `tune` is to `no-tune`. */
const oppositesOf = (names: readonly OptionName[]): string[] =>
  names
    .filter(isFlag)
    .map(oppositeOf)
    .filter((name) => !(name in OPTIONS));

/** commander's name of an option. */
const ownName = (name: OptionName) => camelCase(name.startsWith('no-') ? name.slice(3) : spelling(name));

/** commander turns `--no-flip` into `flip: false`; here a flag is true where it was given, under the name it was given by. */
function valuesOf(names: readonly OptionName[], given: Record<string, unknown>): Record<string, unknown> {
  const value = (name: OptionName) => {
    // Where `--no-tune` is given, `tune` is false and `noTune` tells it.
    if (!isFlag(name)) return given[ownName(name)] === false ? undefined : given[ownName(name)];
    return given[ownName(name)] === !name.startsWith('no-');
  };
  return Object.fromEntries(names.map((name) => [camelCase(name) as Camel<OptionName>, value(name)]));
}

const isGiven = (command: Command, name: OptionName): boolean => command.getOptionValueSource(ownName(name)) === 'cli';

/** Says which of the given options change nothing: for their own reason, or `why`. @throws UsageError for those that are refused */
function sayWithout(command: Command, names: readonly OptionName[], why?: string): void {
  for (const name of names.filter((each) => isGiven(command, each))) {
    const { without = why, refused }: OptionSpec = OPTIONS[name];
    if (refused) throw new UsageError(`--${name} is not taken: ${refused}`);
    if (without) console.error(`--${name} changes nothing here: ${without}`);
  }
}

/** Those of the stored values whose option was not given on the command line. */
function notGiven(command: Command, names: readonly OptionName[], stored: Record<string, unknown>) {
  const free = names.filter((name) => !isGiven(command, name));
  const keys = free.map((name) => camelCase(name)).filter((key) => key in stored);
  return Object.fromEntries(keys.map((key) => [key, stored[key]]));
}

export function commandOf<N extends OptionName, R extends N = never>(spec: CommandSpec<N, R>): Command {
  const { name, args, help, details, options, required = [], defaults = {}, ignored } = spec;
  const command = new Command(name).description(help);
  if (args) command.arguments(args);
  if (details) command.addHelpText('after', `\n${details}`);
  for (const option of options) {
    const row: OptionSpec = OPTIONS[option];
    const fallback = (defaults as Partial<Record<OptionName, string | number>>)[option] ?? row.default;
    command.addOption(optionOf(spelling(option), row, fallback, (required as readonly string[]).includes(option)));
  }
  for (const flag of spec.stored ? oppositesOf(options) : []) command.addOption(new Option(`--${flag}`).hideHelp());
  for (const option of ignored?.options ?? []) {
    command.addOption(optionOf(spelling(option), OPTIONS[option], undefined, false).hideHelp());
  }
  return command.action(async () => {
    sayWithout(command, options);
    if (ignored) sayWithout(command, ignored.options, ignored.why);
    const values = valuesOf(options, command.opts());
    const stored = (await spec.stored?.(values as OptionValues<N>, ...command.args)) ?? {};
    const given = options.filter((option) => isGiven(command, option)).map(camelCase);
    const merged = { ...values, ...notGiven(command, options, stored), given };
    return spec.run(merged as unknown as Needed<N, R> & Given, ...command.args);
  });
}

/** How the command line was called, for hints that can be pasted: the installed name, or the file in a checkout. */
export function self(): string {
  const file = process.argv[1] ?? '';
  return basename(file) === 'pix2pixhd' ? 'pix2pixhd' : `node ${relative('', file)}`;
}

/** The reference's spelling in ours: `--netG` → `--net-g`, `--label_nc` → `--label-nc`, `--num_D=2` → `--num-d=2`. */
export function kebabOption(argument: string): string {
  const match = /^--([A-Za-z][\w-]*)(=.*)?$/s.exec(argument);
  if (!match) return argument;
  const name = kebabCase(match[1]);
  return `--${name.replace(/[-_]+/g, '-').replace(/^-/, '')}${match[2] ?? ''}`;
}
