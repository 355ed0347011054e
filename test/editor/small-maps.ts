import { readFileSync } from 'node:fs';
import { cropMaps, type Maps } from '../../editor/document/maps.js';
import { decodePng } from '../../src/data/png.js';

/** A coast with several countries, small enough for a CPU. */
export function smallMaps(): Maps {
  const read = (name: string) => Uint16Array.from(decodePng(readFileSync(`examples/demo/${name}.png`)).data);
  const whole = { width: 256, height: 256, labels: read('labels'), instances: read('instances') };
  return cropMaps(whole, { left: 16, top: 76, right: 80, bottom: 140 });
}
