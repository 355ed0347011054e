// Shaders for pages: what their functions call their own variables and parameters is written in a letter or two. A name becomes the same
// everywhere, and two names the same only where no shader has both, so that gzip goes on finding one shader in the other.

/** Regular expressions of src/kernels/fold.ts know hooks by the first three; the others are WGSL's too. */
const KEPT = ['i', 'known', 'value', 'function', 'private', 'workgroup'];

const LETTERS = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const PAIRS = LETTERS.flatMap((first) => LETTERS.map((second) => first + second));
/** Words of WGSL, its swizzles, and what src/kernels calls the parts of an expression. */
const TAKEN = /^(as|do|fn|if|in|is|of|on|or|to|[xyzwrgba]+|[tkv])$/;
const SHORT = [...LETTERS, ...PAIRS].filter((name) => !TAKEN.test(name));

const wordsOf = (text) => text.match(/[A-Za-z_]\w*/g) ?? [];

/** What stands for a whole shader, and what for a function of it alone; a function's own lines begin with a blank. */
function namesOf(text) {
  const [outer, inner] = [new Set(), new Set()];
  for (const line of text.split('\n')) {
    const declared = [...line.matchAll(/\b(?:let|var(?:<[^>]*>)?|const|alias|fn) (\w+)/g)].map(([, name]) => name);
    const head = /^fn \w+\((.*?)\)(?: ->| ?\{)/.exec(line);
    const parameters = head ? [...head[1].matchAll(/(\w+): ?\w/g)].map(([, name]) => name) : [];
    const [first, ...rest] = line.startsWith(' ') ? [undefined, ...declared] : declared;
    if (first) outer.add(first);
    for (const name of [...rest, ...parameters]) inner.add(name);
  }
  return { outer, inner: [...inner].filter((name) => !outer.has(name) && !KEPT.includes(name)) };
}

/** Fields of structs stay, as what is behind a dot does. */
const renamed = (text, names) =>
  text.replace(/^struct [^}]*\}|(?<![\w.@])[A-Za-z_]\w*/gm, (word) => names.get(word) ?? word);

/** @param texts squeezed shaders by path @returns the same with short names */
export function shortLocals(texts) {
  const shaders = [...texts].map(([path, text]) => ({ path, text, words: new Set(wordsOf(text)), ...namesOf(text) }));
  // Some shaders are joined to one.
  const outer = new Set(shaders.flatMap((shader) => [...shader.outer]));
  const weights = new Map();
  for (const { text, inner } of shaders)
    for (const word of wordsOf(text))
      if (inner.includes(word)) weights.set(word, (weights.get(word) ?? 0) + word.length);
  const names = new Map();
  for (const [name] of [...weights].sort(([, a], [, b]) => b - a)) {
    const homes = shaders.filter(({ inner }) => inner.includes(name));
    const short = SHORT.find((each) => !outer.has(each) && homes.every(({ words }) => !words.has(each)));
    names.set(name, short);
    for (const { words } of homes) words.add(short);
  }
  return new Map(
    shaders.map(({ path, text, inner }) => [
      path,
      renamed(text, new Map(inner.map((name) => [name, names.get(name)]))),
    ]),
  );
}
