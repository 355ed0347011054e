/** What an option is: one row feeds the command line, `--help`, config files and forms alike. */
export interface OptionSpec {
  /** A flag takes no value; one named `no-…` is given to switch something off. */
  type: 'flag' | 'text' | 'number' | 'integer';
  /** Heading in the help. */
  group: string;
  help: string;
  /** Value where it is not given; without one the value is undefined (flags: false). */
  default?: string | number;
  choices?: readonly string[];
  /** Smallest and largest number taken; `above` and `below` exclude the bound itself. */
  min?: number;
  max?: number;
  above?: number;
  below?: number;
  /** How the value is called in the help; by default the type in capitals. */
  value?: string;
  /** The value may be left out, and is '' then. */
  optional?: true;
  /** How the option is spelled, where commands give one spelling several meanings; by default as its row. */
  spelled?: string;
  /** The reference has it, and here it changes nothing: why not, said where it is given. */
  without?: string;
  /** The reference has it, and it is refused: why, and what to do instead. */
  refused?: string;
}

/** `n-blocks-global` → `nBlocksGlobal` */
export type Camel<S extends string> = S extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;

type Given<S extends OptionSpec> = S extends { choices: readonly (infer C)[] }
  ? C
  : S['type'] extends 'text'
    ? string
    : number;

type ValueOf<S extends OptionSpec> = S['type'] extends 'flag'
  ? boolean
  : S extends { default: string | number }
    ? Given<S>
    : Given<S> | undefined;

/** Values of some rows of a table, by their camelCase names. */
export type ValuesOf<Table extends Record<string, OptionSpec>, Names extends keyof Table & string> = {
  [N in Names as Camel<N>]: ValueOf<Table[N]>;
};

/** `nBlocksGlobal` → `n-blocks-global` */
export const kebabCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export const camelCase = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/** Why a number is refused, or null. */
function fault(value: number, { type, min, max, above, below }: OptionSpec): string | null {
  if (type === 'integer' && !Number.isSafeInteger(value)) return 'It is not a whole number.';
  const bounds: [boolean, string][] = [
    [min !== undefined && value < min, `at least ${min}`],
    [max !== undefined && value > max, `at most ${max}`],
    [above !== undefined && value <= above, `more than ${above}`],
    [below !== undefined && value >= below, `less than ${below}`],
  ];
  const broken = bounds.find(([is]) => is);
  return broken ? `It must be ${broken[1]}.` : null;
}

/** The value of an option's text. @throws RangeError saying why it is refused */
export function parseValue(text: string, spec: OptionSpec): string | number {
  if (spec.choices && !spec.choices.includes(text)) throw new RangeError(`Allowed are ${spec.choices.join(', ')}.`);
  if (spec.type === 'text') return text;
  if (!NUMBER.test(text)) throw new RangeError('It is not a number.');
  const why = fault(Number(text), spec);
  if (why) throw new RangeError(why);
  return Number(text);
}

/** Bounds as the help shows them: `1…8`, `≥ 1`. */
export function boundsText({ min, max, above, below }: OptionSpec): string {
  if (min !== undefined && max !== undefined) return `${min}…${max}`;
  const parts = [
    min !== undefined ? `≥ ${min}` : above !== undefined ? `> ${above}` : '',
    max !== undefined ? `≤ ${max}` : below !== undefined ? `< ${below}` : '',
  ];
  return parts.filter(Boolean).join(', ');
}
