/**
 * Specialises a hand-written `.wgsl` file. The files are valid WGSL as they stand; this fills in what a spec bakes:
 *
 * - `const NAME: T = …;`   gets the spec's value;
 * - `const NAME = array…;`  gets the spec's list; where it is then indexed by a literal, the number stands instead;
 * - `alias NAME = T;`       gets the spec's type;
 * - `… } // @inline`        a function of one expression: its calls become the expression, so that a literal argument
 *                          stays a literal, as the lane of subgroupBroadcast must be;
 * - `… // @if NAME`         the line goes where the constant is false, as `enable subgroups;` must;
 * - `fn name(…) …`         a hook: the whole function is replaced by a snippet of the same name;
 * - `// @unroll`           the `for` on the next line is written out, its counter a literal;
 * - `// @registers`        an array whose every index is then a literal becomes scalars. Private arrays live in memory on
 *                          SwiftShader (which neither unrolls nor promotes them), scalars in registers;
 * - binding accesses       `read` becomes `read_write` where the plan puts an input and an output into one buffer, and a
 *                          binding that aliases another (same buffer, same range) is dropped and renamed to it.
 */

import { type Constant, declaration } from './wgsl-constants.js';
import { dropConditional, inlineCalls, lookUp } from './wgsl-lanes.js';

export type { Constant };

export interface Specialisation {
  constants: Record<string, Constant>;
  hooks?: Record<string, string>;
}

function bakeConstants(source: string, constants: Record<string, Constant>): string {
  return Object.entries(constants).reduce((text, [name, value]) => {
    const [pattern, baked] = declaration(name, value);
    if (!pattern.test(text)) throw new Error(`shader has no constant ${name}`);
    return text.replace(pattern, (_, type: string) => baked(type));
  }, source);
}

function replaceHooks(source: string, hooks: Record<string, string>): string {
  return Object.entries(hooks).reduce((text, [name, snippet]) => {
    const pattern = new RegExp(`^fn ${name}\\([^]*?(?:\\}$|^\\})`, 'm');
    const oneLine = new RegExp(`^fn ${name}\\(.*\\}(?: // @inline)?$`, 'm');
    const match = oneLine.test(text) ? oneLine : pattern;
    if (!match.test(text)) throw new Error(`shader has no hook ${name}`);
    return text.replace(match, () => snippet);
  }, source);
}

/** Values of the integer constants that are literals, for loop bounds and register indices. */
function integerConstants(source: string): Map<string, number> {
  return new Map(
    [...source.matchAll(/^const (\w+): [ui]32 = (\d+)u?;/gm)].map(([, name, value]) => [name!, Number(value)]),
  );
}

/** `2u * 4u + 1u` → 9; sums of products are all that indices need. NaN where a name is not a constant. */
export function evaluate(expression: string, constants: Map<string, number>): number {
  const factor = (text: string) => {
    const name = text.trim();
    return constants.get(name) ?? (/^\d+u?$/.test(name) ? Number.parseInt(name, 10) : Number.NaN);
  };
  return expression
    .split('+')
    .map((term) =>
      term
        .split('*')
        .map(factor)
        .reduce((a, b) => a * b),
    )
    .reduce((a, b) => a + b);
}

const closing = (lines: string[], open: number): number => {
  let depth = 0;
  for (let i = open; i < lines.length; i++) {
    for (const character of lines[i]!) depth += character === '{' ? 1 : character === '}' ? -1 : 0;
    if (depth === 0) return i;
  }
  throw new Error(`unbalanced braces after: ${lines[open]}`);
};

function unrollLoops(lines: string[], constants: Map<string, number>): string[] {
  const out: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    if (!/^\s*\/\/ @unroll/.test(lines[i]!)) {
      out.push(lines[i]!);
      continue;
    }
    const head = /for \(var (\w+) = 0u; \1 < (.+); \1\+\+\) \{$/.exec(lines[i + 1]!);
    const count = head ? evaluate(head[2]!, constants) : Number.NaN;
    if (!head || Number.isNaN(count)) throw new Error(`cannot unroll: ${lines[i + 1]}`);
    const end = closing(lines, i + 1);
    const body = lines.slice(i + 2, end);
    const counter = new RegExp(`\\b${head[1]}\\b`, 'g');
    for (let n = 0; n < count; n++) {
      const copy = body.map((line) => line.replace(counter, `${n}u`));
      out.push('{', ...unrollLoops(copy, constants), '}');
    }
    i = end;
  }
  return out;
}

function promoteRegisters(lines: string[], constants: Map<string, number>): string[] {
  const sizes = new Map<string, number>();
  const declare = (line: string): string => {
    const match = /^(\s*)var (\w+): array<(\w+), (\w+)>; \/\/ @registers/.exec(line);
    if (!match) return line;
    const [, indent, name, type, length] = match;
    const size = evaluate(length!, constants);
    sizes.set(name!, size);
    return `${indent}${Array.from({ length: size }, (_, i) => `var ${name}_${i}: ${type} = ${type}();`).join(' ')}`;
  };
  const declared = lines.map(declare);
  if (sizes.size === 0) return lines;
  const use = new RegExp(`\\b(${[...sizes.keys()].join('|')})\\[([^\\[\\]]*)\\]`, 'g');
  return declared.map((line) =>
    line.replace(use, (_, name: string, index: string) => {
      const at = evaluate(index, constants);
      if (!(at < sizes.get(name)!))
        throw new Error(`register index ${name}[${index}] is not a constant below ${sizes.get(name)}`);
      return `${name}_${at}`;
    }),
  );
}

/** One shader of several files: lines marked `@joined` only stand for what another one has. */
export const joined = (...files: string[]): string =>
  files.map((text) => text.replace(/^.*\/\/ @joined\n/gm, '')).join('\n');

/** The WGSL of one specialised kernel. */
export function specialise(source: string, { constants, hooks = {} }: Specialisation): string {
  const baked = replaceHooks(bakeConstants(dropConditional(source, constants), constants), hooks);
  const known = integerConstants(baked);
  const unrolled = lookUp(unrollLoops(baked.split('\n'), known), constants);
  return promoteRegisters(inlineCalls(unrolled), known).join('\n');
}
