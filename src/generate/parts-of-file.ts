// One file with a generator and its encoder, as pages load it: the encoder's tensors have a prefix.

import type { Safetensors } from '../formats/safetensors.js';

export const ENCODER_PREFIX = 'encoder.';

const isEncoders = (name: string): boolean => name.startsWith(ENCODER_PREFIX);

/** The generator's tensors alone. */
export const generatorPart = (file: Safetensors): Safetensors => ({
  ...file,
  tensors: new Map([...file.tensors].filter(([name]) => !isEncoders(name))),
});

/** The encoder's under their own names; a file without any of those is an encoder's own. */
export function encoderPart(file: Safetensors): Safetensors {
  const own = [...file.tensors].filter(([name]) => isEncoders(name));
  if (own.length === 0) return file;
  return { ...file, tensors: new Map(own.map(([name, info]) => [name.slice(ENCODER_PREFIX.length), info])) };
}

export const hasEncoder = ({ tensors }: Safetensors): boolean => [...tensors.keys()].some(isEncoders);
