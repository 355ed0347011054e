import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCursor } from '../../src/data/cursor.js';
import { writeSafetensors } from '../../src/formats/files.js';
import type { Manifest } from '../../src/nets/manifest.js';
import { writeCheckpointManifest } from '../../src/train/checkpoint-folder.js';
import type { CheckpointManifest } from '../../src/train/checkpoint-manifest.js';
import { encoderFile, generatorFile, MANIFEST } from '../generate/make-styled.js';

export interface RunOptions {
  manifest?: Manifest;
  config?: object;
  /** More entries for G's file. */
  metadata?: Record<string, string>;
  encoder?: boolean;
}

/** The run of a tiny net with styles, as a training leaves it. @returns the path of its generator */
export async function makeRun(root: string, options: RunOptions = {}): Promise<string> {
  const {
    manifest = MANIFEST,
    config = { resizeOrCrop: 'crop', loadSize: 1 },
    metadata = {},
    encoder = true,
  } = options;
  const checkpoint = join(root, 'checkpoints', 'step-1');
  mkdirSync(checkpoint, { recursive: true });
  writeFileSync(join(root, 'config.json'), JSON.stringify(config));
  const nets = {
    'G.safetensors': generatorFile(manifest),
    ...(encoder ? { 'E.safetensors': encoderFile(manifest) } : {}),
  };
  const files: CheckpointManifest['files'] = {};
  for (const [name, net] of Object.entries(nets)) {
    files[name] = await writeSafetensors(join(checkpoint, name), net.tensors, { ...net.metadata, ...metadata });
  }
  const state = { step: 1, cursor: startCursor(1), adam: { G: 1, D: 1 }, fixed: false };
  await writeCheckpointManifest(checkpoint, { format: 1, state, keep: false, files });
  return join(checkpoint, 'G.safetensors');
}
