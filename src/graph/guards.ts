import type { Device } from '../device/device.js';
import type { Arena } from './arena.js';
import type { Region } from './dispatch.js';
import { bytesFor } from './half.js';
import type { Plan } from './plan.js';
import { STAGING_USAGE } from './storage.js';

// Guard bytes behind every block of the arena, for tests that look for writes out of range.

const GUARD = 0x7fc0dead;

/** The unused ends of all blocks, as regions. */
function guardRegions(p: Plan, arena: Arena): Region[] {
  const tensors = new Set(
    p.steps.flatMap(({ node, launches }) => [
      ...node.outputs,
      ...launches.flatMap((l) => Object.values(l.operands).map((v) => v.tensor)),
    ]),
  );
  return [...tensors]
    .filter((tensor) => p.root(tensor) === tensor)
    .flatMap((tensor) => {
      const home = p.home(tensor);
      if ('variable' in home) return [];
      return home.pieces.map(({ buffer, offset, base, end, bytes }) => {
        const used = bytesFor(end - base, home.half);
        return { buffer: arena.buffers[buffer]!, offset: offset + used, size: bytes - used };
      });
    });
}

/** Guards survive only where no other block ever lies on them, so a guarded plan is packed without sharing. */
function paintGuards(device: Device, p: Plan, arena: Arena): void {
  for (const { buffer, offset, size } of guardRegions(p, arena)) {
    device.gpu.queue.writeBuffer(buffer, offset, new Uint32Array(size / 4).fill(GUARD));
  }
}

/** Bytes of guards that no longer hold the pattern. */
async function countGuards(device: Device, p: Plan, arena: Arena): Promise<number> {
  let changed = 0;
  for (const { buffer, offset, size } of guardRegions(p, arena)) {
    if (size === 0) continue;
    const [staging] = await device.allocate([{ size, usage: STAGING_USAGE, label: 'guard' }]);
    const encoder = device.gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, staging!, 0, size);
    device.gpu.queue.submit([encoder.finish()]);
    await staging!.mapAsync(1);
    changed += new Uint32Array(staging!.getMappedRange()).filter((word) => word !== GUARD).length * 4;
    device.release(staging!);
  }
  return changed;
}

/** Paints the guards where there are any; the result counts bytes of them that changed. */
export function guardsOf(device: Device, p: Plan, arena: Arena, guardBytes = 0): () => Promise<number> {
  if (guardBytes > 0) paintGuards(device, p, arena);
  return async () => (guardBytes > 0 ? countGuards(device, p, arena) : 0);
}
