import { basename, dirname } from 'node:path';
import { MissingFileError } from '../errors.js';
import { withFile, writeSafetensors } from '../formats/files.js';
import { openSafetensors, readTensor, type Safetensors, type TensorToWrite } from '../formats/safetensors.js';
import { manifestMetadata, readManifest } from '../nets/manifest.js';
import { readCheckpointManifest, writeCheckpointManifest } from '../train/checkpoint-folder.js';
import type { CheckpointManifest } from '../train/checkpoint-manifest.js';

/** Tensors as they are in `path`, which is open only while one is read: Windows replaces no file that is. */
const tensorsOf = (path: string, file: Safetensors): TensorToWrite[] =>
  [...file.tensors].map(([name, { dtype, shape }]) => ({
    name,
    dtype,
    shape,
    data: () => withFile(path, (source) => readTensor({ ...file, source }, name).data),
  }));

/** The manifest.json of the checkpoint that a file belongs to, if it belongs to one. */
async function checkpointManifest(path: string): Promise<CheckpointManifest | undefined> {
  const manifest = await readCheckpointManifest(dirname(path)).catch((error) => {
    if (error instanceof MissingFileError) return undefined;
    throw error;
  });
  return manifest?.files[basename(path)] && manifest;
}

/**
 * Writes the centres of every class into a generator's file, beside weights that stay as they are, tensor by tensor; then
 * its new SHA-256 into its checkpoint's manifest. A power cut between the two leaves a checkpoint that is taken for
 * damaged: storing into the file itself again mends it.
 * @param path of a G.safetensors @throws DataError, IOError: the file is then as it was
 */
export async function storeStyles(path: string, styles: number[][][]): Promise<void> {
  const file = await withFile(path, openSafetensors);
  const manifest = { ...readManifest(file.metadata, path), styles };
  const checkpoint = await checkpointManifest(path);
  const metadata = { ...Object.fromEntries(file.metadata), ...manifestMetadata(manifest) };
  const written = await writeSafetensors(path, tensorsOf(path, file), metadata);
  if (!checkpoint) return;
  const files = { ...checkpoint.files, [basename(path)]: written };
  await writeCheckpointManifest(dirname(path), { ...checkpoint, files });
}
