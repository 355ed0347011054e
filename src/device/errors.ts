// Everything that can go wrong between the engine and a GPU, as types: callers branch on `code`, people read the message,
// which always ends with the next step.

import { ProjectError } from '../errors.js';

export type DeviceErrorCode = 'DEVICE_LOST' | 'OUT_OF_MEMORY' | 'GPU_VALIDATION' | 'DEVICE_UNAVAILABLE';

export class DeviceError extends ProjectError {
  override readonly exitCode: number;
  readonly code: DeviceErrorCode;
  constructor(code: DeviceErrorCode, exitCode: number, problem: string, nextStep: string) {
    super(problem.replace(/[\s.]+$/, ''), { fix: nextStep });
    this.code = code;
    this.exitCode = exitCode;
  }
}

/** The device stopped working, or was closed: `reason` is 'destroyed' after close(), 'unknown' after a driver's reset. */
export class DeviceLostError extends DeviceError {
  readonly reason: string;
  constructor(reason: string, detail = '') {
    const closed = reason === 'destroyed';
    super(
      'DEVICE_LOST',
      75,
      closed ? 'The GPU device was closed' : `The GPU device was lost (${reason})${detail ? `: ${detail}` : ''}`,
      closed ? 'Open a new one with openDevice()' : 'Open a new one and go on from the last checkpoint',
    );
    this.reason = reason;
  }
}

export class OutOfMemoryError extends DeviceError {
  /** Bytes asked for by the call that failed. */
  readonly requestedBytes: number;
  constructor(
    override readonly problem: string,
    requestedBytes: number,
    nextStep = 'Use smaller pictures or a smaller batch, or close other programs that use the GPU',
  ) {
    super('OUT_OF_MEMORY', 70, problem, nextStep);
    this.requestedBytes = requestedBytes;
  }
}

/** WebGPU refused a call: a fault of the engine or of the limits it was given, never of the user's data. */
export class ValidationError extends DeviceError {
  constructor(what: string, detail: string) {
    super(
      'GPU_VALIDATION',
      70,
      `WebGPU refused ${what}: ${detail}`,
      'Please report this message together with the output of `pix2pixhd devices`',
    );
  }
}

export class DeviceUnavailableError extends DeviceError {
  constructor(problem: string, nextStep: string) {
    super('DEVICE_UNAVAILABLE', 74, problem, nextStep);
  }
}
