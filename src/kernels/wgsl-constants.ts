// What a spec bakes into a shader: values, lists and types.

export type Constant = number | boolean | string | readonly number[];

const literal = (value: number | boolean, type: string): string =>
  typeof value === 'boolean'
    ? String(value)
    : type === 'f32'
      ? floatLiteral(value)
      : `${value}${type === 'u32' ? 'u' : ''}`;

/** Shortest decimal that is a valid WGSL f32 literal. */
function floatLiteral(value: number): string {
  const text = String(Math.fround(value) === value ? value : Number(value.toPrecision(9)));
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}

/** The declaration of a constant with the spec's value. */
export function declaration(name: string, value: Constant): [pattern: RegExp, text: (type: string) => string] {
  if (typeof value === 'string')
    return [new RegExp(`^alias ${name} = ()[^;]*;`, 'm'), () => `alias ${name} = ${value};`];
  if (typeof value === 'object') {
    const list = (type: string) => value.map((v) => literal(v, type)).join(', ');
    return [
      new RegExp(`^const ${name} = array<(\\w+), \\w+>[^;]*;`, 'm'),
      (type) => `const ${name} = array<${type}, ${value.length}>(${list(type)});`,
    ];
  }
  return [
    new RegExp(`^const ${name}: (\\w+) = [^;]*;`, 'm'),
    (type) => `const ${name}: ${type} = ${literal(value, type)};`,
  ];
}
