import type { TextCache } from './device.js';

const CACHE = 'pix2pixhd-webgpu';

/** Texts in the page's Cache; undefined where it has none, as on file://. */
export function pageCache(): TextCache | undefined {
  if (!('caches' in globalThis)) return undefined;
  const url = (name: string) => new URL(`/${CACHE}/${name}`, location.href).href;
  const opened = () => caches.open(CACHE);
  return {
    read: async (name) =>
      opened()
        .then((cache) => cache.match(url(name)))
        .then((found) => found?.text())
        .catch(() => undefined),
    write: async (name, text) => (await opened()).put(url(name), new Response(text)),
  };
}
