import type { Constant } from './wgsl.js';

// Of wgsl.ts, the directives that shaders need whose lanes hand round what they load: `// @if`, tables, and `// @inline`.

export const dropConditional = (source: string, constants: Record<string, Constant>): string =>
  source.replace(/^.*\/\/ @if (\w+)\n/gm, (line, name: string) => (constants[name] ? line : ''));

/** `SHIFT[2u]` → the number in the list. */
export function lookUp(lines: string[], constants: Record<string, Constant>): string[] {
  const tables = Object.entries(constants).filter(([, value]) => typeof value === 'object') as [string, number[]][];
  return tables.reduce((text, [name, list]) => {
    const use = new RegExp(`\\b${name}\\[(\\d+)u\\]`, 'g');
    return text.map((line) => line.replace(use, (_, index: string) => `${list[Number(index)]}u`));
  }, lines);
}

const INLINE = /^fn (\w+)\((.*?)\) -> \w+ \{ return (.*); \} \/\/ @inline$/;

/** Arguments of a call whose opening parenthesis stands at `open`, and the place behind the closing one. */
function argumentsAt(text: string, open: number): { args: string[]; end: number } {
  const args: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let i = open; ; i++) {
    const character = text[i];
    if (character === undefined) throw new Error(`unbalanced call: ${text}`);
    if ('([{'.includes(character)) depth++;
    if (')]}'.includes(character)) depth--;
    if (depth === 0 || (depth === 1 && character === ',')) {
      args.push(text.slice(start, i).trim());
      start = i + 1;
    }
    if (depth === 0) return { args, end: i + 1 };
  }
}

export function inlineCalls(lines: string[]): string[] {
  const bodies = lines.flatMap((line) => {
    const match = INLINE.exec(line);
    return match
      ? [{ name: match[1]!, parameters: match[2]!.split(',').map((p) => p.split(':')[0]!.trim()), body: match[3]! }]
      : [];
  });
  if (bodies.length === 0) return lines;
  const expand = (line: string): string =>
    bodies.reduce((text, { name, parameters, body }) => {
      const call = new RegExp(`\\b${name}\\(`).exec(text);
      if (!call) return text;
      const { args, end } = argumentsAt(text, call.index + name.length);
      const value = parameters.reduce((out, p, i) => out.replace(new RegExp(`\\b${p}\\b`, 'g'), () => args[i]!), body);
      return expand(`${text.slice(0, call.index)}(${value})${text.slice(end)}`);
    }, line);
  return lines.filter((line) => !INLINE.test(line)).map(expand);
}
