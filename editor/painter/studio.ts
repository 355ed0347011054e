// A device with a generator and a screen to paint on, opened when it is first needed and again where the device is lost.

import { openDevice } from '../../src/device/browser.js';
import type { Device } from '../../src/device/device.js';
import { DataError } from '../../src/errors.js';
import type { Safetensors } from '../../src/formats/safetensors.js';
import { type Encoder, loadEncoder } from '../../src/generate/encoder.js';
import { type Generator, loadGenerator } from '../../src/generate/generator.js';
import { hasEncoder } from '../../src/generate/parts-of-file.js';
import { type Present, presenter } from '../../src/web/present.js';
import type { Maps } from '../document/maps.js';

const TRIES = 3;

const SCREEN_FORMAT = 'rgba8unorm';
const [COPY_SRC, COPY_DST, RENDER] = [0x01, 0x02, 0x10];

/** All that belongs to one device. */
export interface Studio {
  device: Device;
  generator: Generator;
  encoder?: Encoder;
  present: Present;
  context: GPUCanvasContext;
  /** What is shown; previews change parts of it. */
  screen?: GPUTexture;
}

type OnKernels = (done: number, total: number) => void;

async function openStudio(file: Safetensors, canvas: OffscreenCanvas, onProgress: OnKernels): Promise<Studio> {
  const device = await openDevice();
  const generator = await loadGenerator(file, { device, onProgress });
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

/** A texture as large as the maps, kept from picture to picture; a new one has nothing that a preview could add to. */
export function screenFor(studio: Studio, { width, height }: Maps): { screen: GPUTexture; fresh: boolean } {
  const { screen, device, context } = studio;
  if (screen && screen.width === width && screen.height === height) return { screen, fresh: false };
  screen?.destroy();
  const usage = RENDER | COPY_SRC;
  studio.screen = device.gpu.createTexture({ label: 'screen', size: [width, height], format: SCREEN_FORMAT, usage });
  Object.assign(context.canvas, { width, height });
  return { screen: studio.screen, fresh: true };
}

/** Of what was opened: its device may be gone, or never have been. */
const stateOf = (opened: Promise<Studio>): Promise<'lost' | 'failed' | 'open'> =>
  opened.then(
    ({ device }) => (device.isLost() ? 'lost' : 'open'),
    () => 'failed',
  );

/** The studio of whatever file is open. `onKernels` is told how many of a size's kernels are compiled, `onLost` that work begins again on a new device. */
export function studioOn(canvas: OffscreenCanvas, onKernels: OnKernels, onLost: () => void) {
  let file: Safetensors | undefined;
  let studio: Promise<Studio> | undefined;

  const open = (): Promise<Studio> => {
    if (!file) throw new DataError('no checkpoint is open');
    studio ??= openStudio(file, canvas, onKernels);
    return studio;
  };
  const close = async () => {
    const old = studio;
    studio = undefined;
    await old?.then(closeStudio, () => {});
  };
  return {
    /** Opens a file, and looks whether it can be used; one that is refused takes nothing away. */
    async change<T>(to: Safetensors, look: (studio: Studio) => T): Promise<T> {
      const before = file;
      await close();
      file = to;
      try {
        return look(await open());
      } catch (error) {
        await close();
        file = before;
        throw error;
      }
    },
    /** Runs `work`; where the device is lost meanwhile, again on a new one. */
    async with<T>(work: (studio: Studio) => Promise<T>): Promise<T> {
      for (let tries = 1; ; tries++) {
        const opened = open();
        try {
          return await work(await opened);
        } catch (error) {
          const state = await stateOf(opened);
          if (state !== 'open') await close();
          if (state !== 'lost' || tries === TRIES) throw error;
          onLost();
        }
      }
    },
  };
}
