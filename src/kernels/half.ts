// Half floats in memory, two in a word, on every adapter: the text of a kernel rewritten to read and write them where it reads and
// writes f32. Arithmetic stays f32, and no shader has to know.

/** How an element type lies in halves: the array's type, and its value out of and into the words of one element. */
interface Layout {
  words: string;
  load(words: string): string;
  store(value: string): string;
}

/** Types of whole words. A scalar is half a word, whose other half is another thread's: see `scalarText`. */
const LAYOUTS: Record<string, Layout> = {
  vec2f: {
    words: 'u32',
    load: (words) => `unpack2x16float(${words})`,
    store: (value) => `halvesOf(${value})`,
  },
  vec4f: {
    words: 'vec2u',
    load: (words) => `vec4f(unpack2x16float(${words}.x), unpack2x16float(${words}.y))`,
    store: (value) => `vec2u(halvesOf(${value}.xy), halvesOf(${value}.zw))`,
  },
};

/**
 * WGSL leaves open what packing makes of values that are no half; here those from 65520 on, where rounding would leave the finite ones,
 * become infinity by their bits, and so does NaN: an activation behind it would hide NaN, and infinity it passes on.
 */
const PACK = `fn halvesOf(v: vec2f) -> u32 {
  let bits = bitcast<vec2u>(v);
  let packed = pack2x16float(clamp(v, vec2f(-65504.0), vec2f(65504.0)));
  let infinity = ((bits >> vec2u(16u)) & vec2u(0x8000u)) | vec2u(0x7c00u);
  let far = (bits & vec2u(0x7fffffffu)) >= vec2u(0x477ff000u);
  let halves = select(vec2u(packed & 0xffffu, packed >> 16u), infinity, far);
  return halves.x | (halves.y << 16u);
}`;

/** Functions for an array of scalars. A store changes its own half of the word alone, so that the order of threads does not matter. */
function scalarText(name: string, write: boolean): string {
  const word = write ? `atomicLoad(&${name}[i >> 1u])` : `${name}[i >> 1u]`;
  const load = `fn load_${name}(i: u32) -> f32 { return unpack2x16float(${word} >> ((i & 1u) << 4u)).x; }`;
  if (!write) return load;
  return `${load}
fn store_${name}(i: u32, value: f32) {
  let shift = (i & 1u) << 4u;
  let stored = atomicLoad(&${name}[i >> 1u]) >> shift;
  atomicXor(&${name}[i >> 1u], ((stored ^ halvesOf(vec2f(value, 0.0))) & 0xffffu) << shift);
}`;
}

function vectorText(name: string, type: string, write: boolean): string {
  const { load, store } = LAYOUTS[type]!;
  const loads = `fn load_${name}(i: u32) -> ${type} { let words = ${name}[i]; return ${load('words')}; }`;
  return write ? `${loads}\nfn store_${name}(i: u32, value: ${type}) { ${name}[i] = ${store('value')}; }` : loads;
}

/** The place behind the bracket that closes the one at `open`. */
function closed(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === '[') depth++;
    if (text[i] === ']' && --depth === 0) return i + 1;
  }
  throw new Error(`unbalanced brackets: ${text.slice(open, open + 80)}`);
}

/** `name[i] = value;` → `store_name(i, value);`, any other `name[i]` → `load_name(i)`. Pages have no spaces around `=`. */
function accessed(text: string, name: string): string {
  const found = new RegExp(`\\b${name}\\[`).exec(text);
  if (!found) return text;
  const open = found.index + name.length;
  const end = closed(text, open);
  const index = accessed(text.slice(open + 1, end - 1), name);
  const assigned = /^ ?=(?!=) ?([^;]*);/.exec(text.slice(end));
  const rest = end + (assigned?.[0].length ?? 0);
  const call = assigned ? `store_${name}(${index}, ${accessed(assigned[1]!, name)});` : `load_${name}(${index})`;
  return text.slice(0, found.index) + call + accessed(text.slice(rest), name);
}

const declarationOf = (name: string): RegExp =>
  new RegExp(`^(@group\\(0\\) @binding\\(\\d+\\) var<storage, \\w+> ${name}: array<)(\\w+)(>;)$`, 'm');

/** One binding of a specialised shader without comments. */
function halved(text: string, name: string): string {
  const declaration = declarationOf(name);
  const [line, head, named, tail] = declaration.exec(text)!;
  const type = new RegExp(`^alias ${named} = (\\w+);`, 'm').exec(text)?.[1] ?? named!;
  const [before, after] = text.split(line!).map((part) => accessed(part, name)) as [string, string];
  // What is bound read_write for another binding's sake is still only read.
  const write = `${before}${after}`.includes(`store_${name}(`);
  const scalar = type === 'f32';
  const words = scalar ? (write ? 'atomic<u32>' : 'u32') : LAYOUTS[type]!.words;
  const functions = scalar ? scalarText(name, write) : vectorText(name, type, write);
  return `${before}${head}${words}${tail}\n${functions}\n${after}`;
}

/** A shader whose bindings of these names hold halves instead of f32. */
export function withHalves(shader: string, names: readonly string[]): string {
  if (names.length === 0) return shader;
  const bare = shader.replace(/\/\/.*$/gm, '');
  const text = names.reduce(halved, bare);
  const enables = /^(?:\s*enable \w+;)*/.exec(text)![0];
  return `${enables}\n${PACK}\n${text.slice(enables.length)}`;
}
