// Dawn in Node has no thread that waits: as long as anything is awaited, it asks at every turn of the event loop whether it is done,
// and the turns keep a processor busy. A software adapter computes on the same processors: of two it had one. So the loop sleeps a
// moment at every turn while something is awaited. On lavapipe and two cores a training step of ngf 32 at 256×128 takes 2.0 s instead
// of 3.8, 3×3 of 64 channels on 64×64 pixels 7 ms instead of 9.5. A GPU has nothing of it, and would stand idle while the loop rests.

/** Of the shortest of the last waits: so long nothing is asked. Kernels of 10 ms, one run after the other, take 0.9 of the time for it. */
const SURE = 0.95;
const REMEMBERED = 8;
/** Of the time waited so far, and of what of it is beyond the sure: a promise is kept three turns after the work is done, 2 to 6 % late. */
const SHARE = 1 / 50;
const SHARE_BEYOND = 1 / 20;
/** Milliseconds, by which files and sockets are late at every turn. A turn works for 40 µs. */
const LONGEST = 1;

/** Nobody ever wakes it. */
const cell = new Int32Array(new SharedArrayBuffer(4));
let awaited = 0;
/** Of the latest of the waits: when it began, and how long it will last at the least if it is like those before. */
let [since, expected] = [0, 0];
let resting = false;

function rest(): void {
  resting = awaited > 0;
  if (!resting) return;
  const waited = performance.now() - since;
  const beyond = waited - expected;
  Atomics.wait(cell, 0, 0, Math.min(LONGEST, beyond < 0 ? -beyond : Math.min(SHARE * waited, SHARE_BEYOND * beyond)));
  setImmediate(rest).unref();
}

/** @param lasted milliseconds that the last waits of this kind took; this one is added. */
function whileAwaited<T>(promise: Promise<T>, lasted: number[]): Promise<T> {
  const start = performance.now();
  awaited++;
  since = start;
  expected = lasted.length > 0 ? SURE * Math.min(...lasted) : 0;
  if (!resting) setImmediate(rest).unref();
  resting = true;
  return promise.finally(() => {
    awaited--;
    lasted.push(performance.now() - start);
    if (lasted.length > REMEMBERED) lasted.shift();
  });
}

/** What waits for the device for long. */
const WAITS = { GPUQueue: 'onSubmittedWorkDone', GPUBuffer: 'mapAsync', GPUDevice: 'createComputePipelineAsync' };

/** Has the event loop rest while any of these of Dawn's promises is awaited. To be called once. */
export function restWhileWaiting(globals: object): void {
  for (const [name, method] of Object.entries(WAITS)) {
    const { prototype } = (globals as Record<string, { prototype: Record<string, unknown> }>)[name]!;
    const asked = prototype[method] as (...args: unknown[]) => Promise<unknown>;
    const lasted: number[] = [];
    prototype[method] = function (...args: unknown[]) {
      return whileAwaited(asked.apply(this, args), lasted);
    };
  }
}
