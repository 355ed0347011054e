import { toBytes } from '../data/encode.js';
import { openDevice } from '../device/browser.js';
import type { Device } from '../device/device.js';
import { DataError } from '../errors.js';
import { type EncodedRegions, loadEncoder } from '../generate/encoder.js';
import { type GenerateInput, loadGenerator as load } from '../generate/generator.js';
import { hasEncoder } from '../generate/parts-of-file.js';
import type { Centres } from '../generate/styles.js';
import type { Manifest } from '../nets/manifest.js';
import { photoPlanes, rgbaOf } from './pixels.js';
import { presenter } from './present.js';
import { type FetchOptions, openWebFile, type WebSource } from './source.js';

export type Canvas = HTMLCanvasElement | OffscreenCanvas;

export interface LoadOptions extends FetchOptions {
  /** Default: one of its own, which goes with `close`. */
  device?: Device;
  /** No faster kernels that round more than plain sums do. */
  precise?: boolean;
}

export interface PageGenerator {
  readonly device: Device;
  /** Architecture, classes with their colours, and what the input means. */
  readonly manifest: Manifest;
  /** By class, the styles that `pix2pixhd encode` found typical of it; empty where there are none. */
  readonly centres: Centres;
  /** Whether the file holds an encoder, so that `encode` works. */
  readonly canEncode: boolean;
  /** Paints one picture of any size. Several may be in flight. @throws DataError for maps and styles that do not fit */
  generate(input: GenerateInput): Promise<ImageData>;
  /** Paints into a canvas, whose size becomes the picture's, without reading anything back. */
  draw(canvas: Canvas, input: GenerateInput): Promise<void>;
  /**
   * The styles of a photo's regions, to be given to `generate` by id as `styles.regions`.
   * @param ids what shares a style, [height, width] of the photo @throws DataError where the file has no encoder
   */
  encode(photo: ImageData, ids: ArrayLike<number>): Promise<EncodedRegions>;
  /** Frees weights and memory, and a device of its own. */
  close(): void;
}

/** A canvas as something to draw on from this device; what is configured stays. */
function canvases({ gpu }: Device) {
  const contexts = new WeakMap<Canvas, GPUCanvasContext>();
  return (canvas: Canvas): GPUCanvasContext => {
    const known = contexts.get(canvas);
    if (known) return known;
    const context = canvas.getContext('webgpu') as GPUCanvasContext | null;
    if (!context) throw new DataError('draw: the canvas already has a context of another kind: take a new canvas');
    context.configure({ device: gpu, format: navigator.gpu.getPreferredCanvasFormat(), alphaMode: 'premultiplied' });
    contexts.set(canvas, context);
    return context;
  };
}

/**
 * Loads a generator: a safetensors file or an index of shards by its address, a File or Blob, or bytes.
 * @throws IOError, DataError for what is no generator, DeviceUnavailableError saying why there is no GPU
 */
export async function loadGenerator(source: WebSource, options: LoadOptions = {}): Promise<PageGenerator> {
  const file = await openWebFile(source, options);
  const device = options.device ?? (await openDevice());
  const { precise } = options;
  const generator = await load(file, { device, precise });
  const { manifest } = generator;
  const encoder = hasEncoder(file) ? await loadEncoder(file, { device, precise }) : undefined;
  const contextOf = canvases(device);
  const present = presenter(device);
  return {
    device,
    manifest,
    centres: manifest.styles ?? [],
    canEncode: encoder !== undefined,
    async generate(input) {
      const { data, channels, width, height } = await generator.generate(input);
      return new ImageData(rgbaOf(toBytes(data, { channels }), channels), width, height);
    },
    draw(canvas, input) {
      const { width, height } = input.size;
      return generator.draw(input, (encoder, picture) => {
        if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
        present(encoder, picture, { texture: contextOf(canvas).getCurrentTexture(), width, height });
      });
    },
    async encode(photo, ids) {
      if (!encoder) throw new DataError('encode: the file holds no encoder: export one that was trained with styles');
      const { width, height } = photo;
      const image = photoPlanes(photo, manifest.generator.outputNc);
      return encoder.encode({ size: { width, height }, image, ids });
    },
    close() {
      generator.close();
      encoder?.close();
      if (!options.device) device.close();
    },
  };
}
