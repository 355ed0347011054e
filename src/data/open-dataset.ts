import { type Dataset, type DatasetOptions, datasetOf } from './dataset.js';
import { dataFolders, findSamples } from './folders.js';
import { readImage } from './load.js';

/** Finds and pairs the files of `<root>/<phase>_*`. Reads none of them yet. */
export async function openDataset(root: string, options: DatasetOptions): Promise<Dataset> {
  return datasetOf(await findSamples(dataFolders(root, options.phase, options)), options, readImage, root);
}
