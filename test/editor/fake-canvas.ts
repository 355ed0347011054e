// A canvas in Node: a texture that can be read.

/** A canvas of the browser's, as far as the painter uses it. */
export function fakeCanvas() {
  let device: GPUDevice;
  let texture: GPUTexture | undefined;
  const canvas = { width: 0, height: 0, getContext: (): unknown => context };
  const context = {
    canvas,
    configure(options: { device: GPUDevice }) {
      device = options.device;
      texture = undefined;
    },
    getCurrentTexture() {
      texture ??= device.createTexture({ size: [canvas.width, canvas.height], format: 'rgba8unorm', usage: 0x13 });
      return texture;
    },
  };
  /** What is shown, RGBA; rows are multiples of 256 bytes since the maps are 64 wide. */
  async function shown(): Promise<Uint8Array> {
    const size = canvas.width * canvas.height * 4;
    const buffer = device.createBuffer({ size, usage: 0x09 });
    const encoder = device.createCommandEncoder();
    encoder.copyTextureToBuffer({ texture: texture! }, { buffer, bytesPerRow: canvas.width * 4 }, [
      canvas.width,
      canvas.height,
    ]);
    device.queue.submit([encoder.finish()]);
    await buffer.mapAsync(1);
    return new Uint8Array(buffer.getMappedRange().slice(0));
  }
  return { canvas: canvas as unknown as OffscreenCanvas, shown, lose: () => device.destroy() };
}
