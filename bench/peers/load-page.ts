// '#peers' in a page: peers came as script tags, with their globals.

const all = globalThis as unknown as Record<string, any>;

const GLOBALS: Record<string, string> = { '@tensorflow/tfjs': 'tf', 'onnxruntime-web': 'ort' };

/** Undefined for what only adds itself to another, as tfjs's backends do. */
export const load = (name: string): any => all[GLOBALS[name] ?? ''];

export const versionOf = (name: string): string => all.benchVersions[name];
