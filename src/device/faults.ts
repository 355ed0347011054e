import { DeviceLostError, OutOfMemoryError, ValidationError } from './errors.js';

// What goes wrong on a device becomes an exception where it can be acted on: errors that a call causes there, those that
// come later and the device's loss at the next call.

export interface Faults {
  readonly lost: Promise<DeviceLostError>;
  isLost(): boolean;
  /** Counts the device as lost from here on, as one that is closed. */
  end(reason: GPUDeviceLostReason): void;
  /** @throws what an earlier call left behind */
  throwIfAny(): void;
  /**
   * Runs `fn` under error scopes; what they catch is thrown, naming `what` and the `bytes` it wanted. Scopes are a stack per device:
   * while an async `fn` waits, another call's error can be reported under its name.
   */
  scoped<T>(filters: GPUErrorFilter[], what: string, bytes: number, fn: () => T | Promise<T>): Promise<T>;
}

function typed(error: GPUError, what: string, bytes: number) {
  if (error instanceof GPUOutOfMemoryError) {
    return new OutOfMemoryError(`The GPU ran out of memory at ${what}. ${error.message}`, bytes);
  }
  return new ValidationError(what, error.message);
}

const caught = (thrown: unknown, what: string): unknown =>
  thrown instanceof Error && thrown.name === 'GPUPipelineError' ? new ValidationError(what, thrown.message) : thrown;

export function faultsOf(gpu: GPUDevice): Faults {
  let loss: DeviceLostError | null = null;
  let uncaptured: GPUError | null = null;
  const lost = gpu.lost.then(({ reason, message }) => (loss ??= new DeviceLostError(reason, message)));
  // Without a listener Dawn prints every such error to stderr; work is dropped silently either way, hence the next call throws.
  gpu.addEventListener('uncapturederror', (event) => {
    event.preventDefault();
    uncaptured ??= event.error;
  });
  return {
    lost,
    isLost: () => loss !== null,
    end(reason) {
      loss ??= new DeviceLostError(reason);
    },
    throwIfAny() {
      if (loss) throw loss;
      const error = uncaptured;
      uncaptured = null;
      if (error) throw typed(error, 'an earlier call', 0);
    },
    async scoped(filters, what, bytes, fn) {
      for (const filter of filters) gpu.pushErrorScope(filter);
      let result: unknown;
      let thrown: unknown;
      try {
        // Nothing is awaited that need not be, so that no other call's scopes come between.
        const outcome = fn();
        result = outcome instanceof Promise ? await outcome : outcome;
      } catch (error) {
        thrown = error;
      }
      // A lost device has no scopes left to pop; the loss is then the answer.
      const errors = await Promise.all(filters.map(() => gpu.popErrorScope().catch(() => null)));
      if (loss) throw loss;
      const error = errors.find((e) => e !== null);
      if (error) throw typed(error, what, bytes);
      if (thrown !== undefined) throw caught(thrown, what);
      return result as Awaited<ReturnType<typeof fn>>;
    },
  };
}
