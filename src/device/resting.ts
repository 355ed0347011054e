// Dawn in Node has no thread that waits: as long as anything is awaited, it asks at every turn of the event loop whether it is done,
// and the turns keep a processor busy. A software adapter computes on the same processors: of two it had one. So the loop sleeps a
// moment at every turn while something is awaited. On lavapipe and two cores a training step of ngf 32 at 256×128 takes 2.0 s instead
// of 3.8, 3×3 of 64 channels on 64×64 pixels 7 ms instead of 9.5. A GPU has nothing of it, and would stand idle while the loop rests.

/** Of the time waited so far: a promise is kept three turns after the work is done, which is 6 % then. */
const SHARE = 1 / 50;
/** Milliseconds, by which files and sockets are late at every turn. One works for 5 µs; with 0.2 ms the step above takes 2.4 s. */
const LONGEST = 1;

/** Nobody ever wakes it. */
const cell = new Int32Array(new SharedArrayBuffer(4));
let awaited = 0;
/** When the latest of the waits began. */
let since = 0;
let resting = false;

function rest(): void {
  resting = awaited > 0;
  if (!resting) return;
  Atomics.wait(cell, 0, 0, Math.min(LONGEST, SHARE * (performance.now() - since)));
  setImmediate(rest).unref();
}

function whileAwaited<T>(promise: Promise<T>): Promise<T> {
  awaited++;
  since = performance.now();
  if (!resting) setImmediate(rest).unref();
  resting = true;
  return promise.finally(() => awaited--);
}

/** What waits for the device for long. */
const WAITS = { GPUQueue: 'onSubmittedWorkDone', GPUBuffer: 'mapAsync', GPUDevice: 'createComputePipelineAsync' };

/** Has the event loop rest while any of these of Dawn's promises is awaited. To be called once. */
export function restWhileWaiting(globals: object): void {
  for (const [name, method] of Object.entries(WAITS)) {
    const { prototype } = (globals as Record<string, { prototype: Record<string, unknown> }>)[name]!;
    const asked = prototype[method] as (...args: unknown[]) => Promise<unknown>;
    prototype[method] = function (...args: unknown[]) {
      return whileAwaited(asked.apply(this, args));
    };
  }
}
