// pix2pixhd evaluate: measures of a generator on pictures it was not trained on.

import type { Dataset } from '../data/dataset.js';
import { openDataset } from '../data/open-dataset.js';
import { openDevice } from '../device/node.js';
import { scalingOfRun } from '../encode/regions.js';
import { DataError } from '../errors.js';
import { withFile } from '../formats/files.js';
import { findGenerator } from '../generate/find.js';
import { loadGenerator } from '../generate/generator.js';
import { AS_THEY_ARE, type Scaling, toWidth, wholePictures } from '../generate/whole.js';
import type { Consistency } from '../metrics/consistency.js';
import { type Evaluation, evaluateGenerator, type Likeness } from '../metrics/evaluate.js';
import type { Manifest } from '../nets/manifest.js';
import { commandOf } from './command.js';
import { type ProgressLine, progressLine } from './progress.js';

const DETAILS = `Pictures of DATAROOT/test_label, test_inst and test_img (or another --phase)
are painted and compared with their photos: mean absolute error, PSNR, SSIM.
Label consistency: a small segmentation net is trained on the pairs of train_*
and names the classes in photos, in what was painted, in flat class colours,
and once against the labels of other pictures, which is what chance gives.
FID and LPIPS are not measured: they need nets of others.`;

export const evaluate = commandOf({
  name: 'evaluate',
  args: '<RUN> <DATAROOT>',
  help: 'measure how good a generator is on pictures it was not trained on (RUN: as --checkpoint of generate)',
  details: DETAILS,
  options: ['phase', 'scale', 'judge-steps', 'seed', 'json', 'adapter', 'cache-mb'],
  defaults: { phase: 'test' },
  async run({ phase, scale, judgeSteps: steps, seed, json, adapter, cacheMb }, run, root) {
    const path = await findGenerator(run!, (message) => console.error(`pix2pixhd: ${message}`));
    const scaling = scale === undefined ? ((await scalingOfRun(path)) ?? AS_THEY_ARE) : toWidth(scale);
    const device = await openDevice({ adapter });
    try {
      const evaluation = await withFile(path, async (file) => {
        const generator = await loadGenerator(file, { device });
        checkMeasurable(generator.manifest, path);
        const line = json || steps === 0 ? undefined : progressLine(steps);
        const [training, held] = await Promise.all(
          ['train', phase].map((each) => wholeSet(root!, each, generator.manifest, scaling, cacheMb * 1e6)),
        );
        const onStep = (done: number, loss: number) => tell(line, done, steps, loss);
        const judging = { steps, seed, onStep };
        return evaluateGenerator(device, generator, { training: training!, held: held! }, judging).finally(() => {
          line?.end();
          generator.close();
        });
      });
      console.log(json ? JSON.stringify(evaluation) : reportText(evaluation));
    } finally {
      device.close();
    }
  },
});

const tell = (line: ProgressLine | undefined, done: number, steps: number, loss: number): void =>
  line?.update(done, `training the segmentation net, loss ${loss.toPrecision(3)}`, done % 100 === 0 || done === steps);

/** @throws DataError for a net whose input has no classes or whose pictures are not RGB */
function checkMeasurable({ encoding, generator }: Manifest, file: string): void {
  if (encoding.labelNc === 0)
    throw new DataError('paints from pictures: there are no labels to compare with', { file });
  if (generator.outputNc === 3) return;
  throw new DataError(`paints ${generator.outputNc} channels, measures are of RGB pictures`, { file });
}

function wholeSet(
  root: string,
  phase: string,
  manifest: Manifest,
  scaling: Scaling,
  cacheBytes: number,
): Promise<Dataset> {
  return openDataset(root, {
    ...wholePictures(manifest, scaling),
    noInstance: manifest.encoding.noInstance,
    phase,
    images: true,
    loadFeatures: false,
    batchSize: 1,
    serialBatches: true,
    maxDatasetSize: Number.POSITIVE_INFINITY,
    cacheBytes,
  });
}

const likenessRow = (name: string, { l1, psnr, ssim }: Likeness): string =>
  `  ${name.padEnd(28)}${l1.toFixed(2).padStart(8)}${psnr.toFixed(2).padStart(10)}${ssim.toFixed(4).padStart(10)}`;

const consistencyRow = (name: string, { accuracy, meanIoU }: Consistency): string =>
  `  ${name.padEnd(28)}${(100 * accuracy).toFixed(2).padStart(8)}${(100 * meanIoU).toFixed(2).padStart(10)}`;

function reportText({ pictures, likeness, consistency }: Evaluation): string {
  return [
    `${pictures} pictures, against their photos:     L1   PSNR dB      SSIM`,
    likenessRow('generated', likeness.ours),
    likenessRow('class means', likeness.means),
    ...(consistency
      ? [
          'Label consistency:           pixels %    mIoU %',
          consistencyRow('photos', consistency.photos),
          consistencyRow('generated', consistency.ours),
          consistencyRow('class means', consistency.means),
          ...(consistency.shuffled ? [consistencyRow('generated, other labels', consistency.shuffled)] : []),
        ]
      : []),
  ].join('\n');
}
