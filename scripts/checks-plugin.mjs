// esbuild plugin for pages: what ops and kernels check of their arguments is left out. A page builds its graphs by nets alone, whose
// options and weights are checked before, so that none of these checks can fail there; Node's builds and all tests of the engine have
// them. Left out are `if (…) refuse(…)`, the `refuse` of `… ? … : refuse(…)`, `knownOptions(…)`, and `if (…) throw new Error(…)`;
// `operand(op, name, value)` and `wholeNumber(op, name, value, least)` become the value. Columns of tables that only messages,
// tuning and profiles read go too.

import { readFile } from 'node:fs/promises';
import { parseSync } from '@swc/core';

const FILES = /[\\/]src[\\/](graph[\\/](ops|lower)|kernels)[\\/]\w[\w.-]*\.ts$/;

const calls = (node, ...names) => node?.type === 'CallExpression' && names.includes(node.callee.value);

/** Error itself is a broken invariant of the engine's; what users meet has a class of its own. */
const isFault = ({ type, argument }) => type === 'ThrowStatement' && argument.callee?.value === 'Error';

/** Whatever a block does before, it ends there. */
function isRefusal(node) {
  const last = node.type === 'BlockStatement' ? node.stmts.at(-1) : node;
  return last !== undefined && (isFault(last) || calls(last.expression ?? last.argument, 'refuse'));
}

/** Of a candidate's row, and operations of kernels whose bytes outweigh them. */
const COLUMNS = ['form', 'quick', 'quickOn', 'full', 'shared', 'flopsPerItem', 'flopsPerElement'];

/** The part of a node that stands for the whole: null for none, undefined where it stays. */
function keptOf(node) {
  if (node.type === 'IfStatement' && !node.alternate && isRefusal(node.consequent)) return null;
  if (node.type === 'ExpressionStatement' && calls(node.expression, 'knownOptions')) return null;
  if (node.type === 'ConditionalExpression' && calls(node.alternate, 'refuse')) return node.consequent;
  return calls(node, 'operand', 'wholeNumber') ? node.arguments[2].expression : undefined;
}

/** Spans of what goes. */
function* cuts(node) {
  if (typeof node !== 'object' || node === null) return;
  if (node.type === 'KeyValueProperty' && COLUMNS.includes(node.key.value)) {
    // With the comma behind it.
    yield [node.key.span.start, node.value.span.end + 1];
    return;
  }
  const kept = keptOf(node);
  const { start, end } = node.span ?? {};
  if (kept === null) yield [start, end];
  else if (kept) {
    yield [start, kept.span.start];
    yield* cuts(kept);
    yield [kept.span.end, end];
  } else for (const child of Object.values(node)) yield* cuts(child);
}

export function withoutChecks(source) {
  // swc counts bytes on from what it parsed before; a module's span begins at its first token.
  const bytes = Buffer.from(`;${source}`);
  const module = parseSync(bytes.toString(), { syntax: 'typescript', target: 'es2022' });
  let at = 1;
  const parts = [...cuts(module)].map(([start, end]) => {
    const part = bytes.subarray(at, start - module.span.start);
    at = end - module.span.start;
    return part;
  });
  return Buffer.concat([...parts, bytes.subarray(at)]).toString();
}

export const checksPlugin = {
  name: 'checks',
  setup(build) {
    build.onLoad({ filter: FILES }, async ({ path }) => ({
      contents: withoutChecks(await readFile(path, 'utf8')),
      loader: 'ts',
    }));
  },
};
