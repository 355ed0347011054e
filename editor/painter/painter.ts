// The painting half of the editor, which lives in a worker: paints what the drawing says with the generator that is open.

import { toBytes } from '../../src/data/encode.js';
import { DataError } from '../../src/errors.js';
import type { GenerateInput, Generator } from '../../src/generate/generator.js';
import { photoPlanes, rgbaOf } from '../../src/web/pixels.js';
import { openWebFile } from '../../src/web/source.js';
import { decodeProject, encodeProject, idsPng } from '../document/files.js';
import { grown, type Maps, shrinkMaps } from '../document/maps.js';
import { readPng } from '../document/png.js';
import type { Model, Painted, Painter, PaintRequest, Progress } from './messages.js';
import { type Studio, screenFor, studioOn } from './studio.js';

/** A preview should be there within this time, so that the picture follows the brush. */
const PREVIEW_MS = 80;
const FACTORS = [1, 2, 4];
/** Around what changed, the picture changes too: as far as the net sees. */
const MARGIN = 24;

function inputOf({ maps, styles, seed }: Omit<PaintRequest, 'preview'>, { manifest }: Generator): GenerateInput {
  const { width, height, labels, instances } = maps;
  const chosen = manifest.encoding.features ? { seed, regions: Object.fromEntries(styles) } : undefined;
  return { size: { width, height }, labels, instances, styles: chosen };
}

/** Time that a picture takes by its coarseness; the first of each compiles, and does not count. */
function stopwatch() {
  const times = new Map<number, number>();
  const seen = new Set<string>();
  return {
    note(key: string, factor: number, ms: number) {
      if (seen.has(key)) times.set(factor, ms);
      seen.add(key);
    },
    /** The finest that is fast enough, as far as is known; a quarter of the pixels take a quarter of the time. */
    factor(): number {
      const expected = (factor: number) =>
        Math.min(...[...times].map(([known, ms]) => (known === factor ? ms : (ms * known ** 2) / factor ** 2)));
      return FACTORS.find((factor) => expected(factor) <= PREVIEW_MS) ?? FACTORS.at(-1)!;
    },
  };
}

const shrunk = (maps: Maps, factor: number): Maps => (factor === 1 ? maps : shrinkMaps(maps, factor));

/** Paints a drawing, or its part in preview at 1/factor of its sides, onto the screen. */
async function draw(studio: Studio, { maps, preview, ...rest }: PaintRequest, factor: number): Promise<void> {
  await studio.generator.draw(
    inputOf({ maps: shrunk(maps, factor), ...rest }, studio.generator),
    (encoder, picture) => {
      const { screen: texture, fresh } = screenFor(studio, maps);
      const { width, height } = maps;
      let only: { x: number; y: number; width: number; height: number } | undefined;
      if (preview && !fresh) {
        const { left, top, right, bottom } = grown(preview, MARGIN, maps);
        only = { x: left, y: top, width: right - left, height: bottom - top };
      }
      studio.present(encoder, picture, { texture, width, height, only });
      encoder.copyTextureToTexture({ texture }, { texture: studio.context.getCurrentTexture() }, [width, height]);
    },
  );
}

async function imageOf(generator: Generator, request: PaintRequest): Promise<ImageData> {
  const { data, channels, width, height } = await generator.generate(inputOf(request, generator));
  return new ImageData(rgbaOf(toBytes(data, { channels }), channels), width, height);
}

function modelOf({ generator: { manifest }, encoder, device }: Studio, file: string): Model {
  if (manifest.encoding.labelNc === 0) {
    const fix = 'Paint with `pix2pixhd generate` instead';
    throw new DataError('paints from pictures, not from labels, so there is nothing to edit', { file, fix });
  }
  return { manifest, canEncode: encoder !== undefined, adapter: device.profile.name };
}

const mapFiles = async (maps: Maps) => ({
  labels: await idsPng(maps.labels, maps),
  instances: await idsPng(maps.instances, maps, true),
});

/** The style of every id in a photo. @throws DataError without an encoder */
async function stylesIn({ encoder }: Studio, photo: ImageData, ids: Uint16Array): Promise<Map<number, number[]>> {
  if (!encoder) throw new DataError('the checkpoint holds no encoder', { fix: 'Export it again with one' });
  const { width, height } = photo;
  const image = photoPlanes(photo, encoder.manifest.generator.outputNc);
  const value = await encoder.encode({ size: { width, height }, image, ids });
  return new Map(value.ids.map((id, i) => [id, value.vectors[i]!]));
}

export function createPainter(canvas: OffscreenCanvas, onProgress: (progress: Progress) => void): Painter {
  // Since the last picture was painted: a thumbnail may meet the loss first, has no one to tell, and may end after that picture.
  let recovered = false;
  const studio = studioOn(
    canvas,
    (done, total) => onProgress({ what: 'kernels', done, total }),
    () => {
      recovered = true;
    },
  );
  const onFile = (done: number, total?: number) => onProgress({ what: 'file', done, total });
  let times = stopwatch();
  return {
    async load(from, name) {
      const source = typeof from === 'string' ? from : new File([from], name);
      const model = await studio.change(await openWebFile(source, { onProgress: onFile }), (opened) =>
        modelOf(opened, name),
      );
      times = stopwatch();
      return model;
    },
    async paint(request): Promise<Painted> {
      const factor = request.preview ? times.factor() : 1;
      const start = performance.now();
      await studio.with((opened) => draw(opened, request, factor));
      const told = recovered;
      recovered = false;
      const ms = performance.now() - start;
      const { width, height } = request.maps;
      times.note(`${width}×${height}/${factor}`, factor, ms);
      return { ms, factor, recovered: told };
    },
    async prepare(request) {
      const coarse = { ...request, maps: shrunk(request.maps, times.factor()) };
      await studio.with(({ generator }) => generator.draw(inputOf(coarse, generator), () => {}));
    },
    async thumbnail(request) {
      return createImageBitmap(await studio.with(({ generator }) => imageOf(generator, request)));
    },
    picture: (request) => studio.with(({ generator }) => imageOf(generator, request)),
    readPng,
    readProject: decodeProject,
    project: encodeProject,
    mapFiles,
    encode: (photo, ids) => studio.with((opened) => stylesIn(opened, photo, ids)),
  };
}
