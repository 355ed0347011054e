// The painting half of the editor, which lives in a worker: opens a device and a generator, paints into a canvas, and begins
// anew when the device is lost.

import { toBytes } from '../../src/data/encode.js';
import { openDevice } from '../../src/device/browser.js';
import type { Device } from '../../src/device/device.js';
import { DataError } from '../../src/errors.js';
import type { Safetensors } from '../../src/formats/safetensors.js';
import { type Encoder, loadEncoder } from '../../src/generate/encoder.js';
import { type GenerateInput, type Generator, loadGenerator } from '../../src/generate/generator.js';
import { hasEncoder } from '../../src/generate/parts-of-file.js';
import type { Style } from '../../src/generate/styles.js';
import { photoPlanes, rgbaOf } from '../../src/web/pixels.js';
import { type Present, presenter } from '../../src/web/present.js';
import { openWebFile } from '../../src/web/source.js';
import { grown, type Maps, shrinkMaps } from '../document/maps.js';
import type { Model, Painted, Painter, PaintRequest } from './messages.js';

/** A preview should be there within this time, so that the picture follows the brush. */
const PREVIEW_MS = 80;
const FACTORS = [1, 2, 4];
/** Around what changed, the picture changes too: as far as the net sees. */
const MARGIN = 24;
const TRIES = 3;

const SCREEN_FORMAT = 'rgba8unorm';
const [COPY_SRC, COPY_DST, RENDER] = [0x01, 0x02, 0x10];

/** All that belongs to one device. */
interface Studio {
  device: Device;
  generator: Generator;
  encoder?: Encoder;
  present: Present;
  context: GPUCanvasContext;
  /** What is shown; previews change parts of it. */
  screen?: GPUTexture;
}

async function openStudio(file: Safetensors, canvas: OffscreenCanvas): Promise<Studio> {
  const device = await openDevice();
  const generator = await loadGenerator(file, { device });
  const encoder = hasEncoder(file) ? await loadEncoder(file, { device }) : undefined;
  const context = canvas.getContext('webgpu') as GPUCanvasContext;
  context.configure({ device: device.gpu, format: SCREEN_FORMAT, usage: RENDER | COPY_DST, alphaMode: 'opaque' });
  return { device, generator, encoder, present: presenter(device), context };
}

function closeStudio({ device, generator, encoder, screen }: Studio): void {
  generator.close();
  encoder?.close();
  screen?.destroy();
  device.close();
}

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

export function createPainter(canvas: OffscreenCanvas, onProgress: (loaded: number, total?: number) => void): Painter {
  let file: Safetensors | undefined;
  let studio: Promise<Studio> | undefined;
  let times = stopwatch();

  const open = (): Promise<Studio> => {
    if (!file) throw new DataError('no checkpoint is open');
    return (studio ??= openStudio(file, canvas));
  };
  const close = async () => {
    const old = studio;
    studio = undefined;
    await old?.then(closeStudio, () => {});
  };

  /** Runs `work`; where the device is lost meanwhile, again on a new one. */
  async function withStudio<T>(work: (studio: Studio) => Promise<T>): Promise<{ value: T; recovered: boolean }> {
    for (let tries = 1; ; tries++) {
      const opened = open();
      try {
        return { value: await work(await opened), recovered: tries > 1 };
      } catch (error) {
        const lost = await opened.then(
          ({ device }) => device.isLost(),
          () => false,
        );
        const failed = await opened.then(
          () => false,
          () => true,
        );
        if (lost || failed) await close();
        if (!lost || tries === TRIES) throw error;
      }
    }
  }

  /** A texture as large as the maps, kept from picture to picture; a new one has nothing that a preview could add to. */
  function screenFor(studio: Studio, { width, height }: Maps): { screen: GPUTexture; fresh: boolean } {
    const { screen, device } = studio;
    if (screen && screen.width === width && screen.height === height) return { screen, fresh: false };
    screen?.destroy();
    const usage = RENDER | COPY_SRC;
    studio.screen = device.gpu.createTexture({ label: 'screen', size: [width, height], format: SCREEN_FORMAT, usage });
    Object.assign(canvas, { width, height });
    return { screen: studio.screen, fresh: true };
  }

  async function draw(studio: Studio, { maps, preview, ...rest }: PaintRequest, factor: number): Promise<void> {
    const coarse = factor === 1 ? maps : shrinkMaps(maps, factor);
    await studio.generator.draw(inputOf({ maps: coarse, ...rest }, studio.generator), (encoder, picture) => {
      const { screen: texture, fresh } = screenFor(studio, maps);
      const { width, height } = maps;
      let only: { x: number; y: number; width: number; height: number } | undefined;
      if (preview && !fresh) {
        const { left, top, right, bottom } = grown(preview, MARGIN, maps);
        only = { x: left, y: top, width: right - left, height: bottom - top };
      }
      studio.present(encoder, picture, { texture, width, height, only });
      encoder.copyTextureToTexture({ texture }, { texture: studio.context.getCurrentTexture() }, [width, height]);
    });
  }

  return {
    async load(from, name): Promise<Model> {
      const source = typeof from === 'string' ? from : new File([from], name);
      const opened = await openWebFile(source, { onProgress });
      const before = file;
      await close();
      file = opened;
      times = stopwatch();
      try {
        const { generator, encoder, device } = await open();
        const { manifest } = generator;
        if (manifest.encoding.labelNc === 0) {
          const fix = 'Paint with `pix2pixhd generate` instead';
          throw new DataError('paints from pictures, not from labels, so there is nothing to edit', {
            file: name,
            fix,
          });
        }
        const { description, device: model, vendor } = device.info;
        return { manifest, canEncode: encoder !== undefined, adapter: description || model || vendor };
      } catch (error) {
        await close();
        // A wrong file takes nothing away.
        file = before;
        throw error;
      }
    },
    async paint(request): Promise<Painted> {
      const factor = request.preview ? times.factor() : 1;
      const start = performance.now();
      const { recovered } = await withStudio((opened) => draw(opened, request, factor));
      const ms = performance.now() - start;
      const { width, height } = request.maps;
      times.note(`${width}×${height}/${factor}`, factor, ms);
      return { ms, factor, recovered };
    },
    async variants(request, instance, choices) {
      const paintOne = async ({ generator }: Studio, style: Style) => {
        const styles = new Map(request.styles).set(instance, style);
        return imageOf(generator, { ...request, styles });
      };
      const { value } = await withStudio((opened) => Promise.all(choices.map((style) => paintOne(opened, style))));
      return Promise.all(value.map((image) => createImageBitmap(image)));
    },
    async picture(request) {
      return (await withStudio(({ generator }) => imageOf(generator, request))).value;
    },
    async encode(photo, ids) {
      const { value } = await withStudio(async ({ encoder }) => {
        if (!encoder) throw new DataError('the checkpoint holds no encoder', { fix: 'Export it again with one' });
        const { width, height } = photo;
        const image = photoPlanes(photo, encoder.manifest.generator.outputNc);
        return encoder.encode({ size: { width, height }, image, ids });
      });
      return new Map(value.ids.map((id, i) => [id, value.vectors[i]!]));
    },
  };
}

async function imageOf(generator: Generator, request: PaintRequest): Promise<ImageData> {
  const { data, channels, width, height } = await generator.generate(inputOf(request, generator));
  return new ImageData(rgbaOf(toBytes(data, { channels }), channels), width, height);
}
