// Files into the editor: checkpoints, maps, projects and photos, as they are dropped or chosen.

import { kindOf } from '../document/files.js';
import type { Editor } from '../editor.js';

/** A photo as pixels, at the drawing's size where every object is to find its place in it. */
async function pixelsOf(file: Blob, size: { width: number; height: number } | undefined): Promise<ImageData> {
  const bitmap = await createImageBitmap(file);
  const { width, height } = size ?? bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d')!;
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

/** A chosen photo larger than this costs time and says no more of its style. */
const PHOTO_SIDE = 512;

export async function openPhoto(editor: Editor, file: Blob): Promise<void> {
  const { drawing, selected } = editor.state;
  if (!drawing) return;
  if (selected === undefined) return editor.styleFromPhoto(await pixelsOf(file, drawing));
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, PHOTO_SIDE / Math.max(bitmap.width, bitmap.height));
  const size = { width: Math.ceil(bitmap.width * scale), height: Math.ceil(bitmap.height * scale) };
  return editor.styleFromPhoto(await pixelsOf(file, size));
}

const readBytes = async (file: Blob) => new Uint8Array(await file.arrayBuffer());

/** Opens whatever files were dropped or chosen: maps together, else one after another. */
export async function openFiles(editor: Editor, files: readonly File[]): Promise<void> {
  try {
    const read = await Promise.all(files.map(async (file) => ({ file, bytes: await readBytes(file) })));
    const all = read.map((each) => ({ ...each, kind: kindOf(each.bytes) }));
    for (const { kind, bytes, file } of all) {
      if (kind === 'checkpoint' && (await editor.loadModel(bytes.buffer as ArrayBuffer, file.name)))
        editor.fitDrawing();
      if (kind === 'project') await editor.openProject(bytes, file.name);
      if (kind === 'photo') await openPhoto(editor, file);
    }
    const pngs = all.filter(({ kind }) => kind === 'map');
    const maps = await Promise.all(pngs.map(({ bytes, file }) => editor.readPng(bytes, file.name)));
    // Class ids seldom need 16 bits, object ids nearly always do; a name may say it.
    const isInstances = ({ path, depth }: { path: string; depth: number }) => /inst/i.test(path) || depth === 16;
    const instances = maps.find(isInstances);
    const labels = maps.find((map) => map !== instances);
    if (labels) editor.openMaps(labels, instances);
    else if (instances)
      editor.say('That is a map of objects: open the label map of the same picture together with it.');
  } catch (error) {
    editor.fail(error);
  }
}
