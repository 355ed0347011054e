// What a page has to be to reach a GPU at all.

import { DeviceUnavailableError } from './errors.js';

/** @throws DeviceUnavailableError with what to do where the page has no WebGPU */
export function webgpu(): GPU {
  if (globalThis.navigator?.gpu) return navigator.gpu;
  if (globalThis.isSecureContext === false) {
    throw new DeviceUnavailableError(
      'WebGPU is switched off because this page did not come over a secure connection',
      'Open it over https:// or from http://localhost',
    );
  }
  throw new DeviceUnavailableError(
    'This browser has no WebGPU',
    'Use Chrome or Edge 113, Safari 26, Firefox 141 or newer; on Linux it may need a flag (about:config, chrome://flags)',
  );
}

export const noAdapter = (): DeviceUnavailableError =>
  new DeviceUnavailableError(
    'This browser has WebGPU but offers no adapter: the GPU is blocked, switched off or has no suitable driver',
    'Update the GPU driver, switch hardware acceleration on in the settings and look at chrome://gpu',
  );
