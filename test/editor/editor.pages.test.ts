// People's work on the real page: what is drawn, chosen, saved and lost.

import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodePng } from '../../src/data/png.js';
import { closeBrowser, instancesPng, labelsPng, type OpenPage, openEditor } from './open-page.js';
import { smallMaps } from './small-maps.js';

const test = suite('editor in Chromium');

let open: OpenPage;
test.before(async () => {
  open = await openEditor();
  await open.settled();
});
test.after(async () => {
  await open?.close();
  await closeBrowser();
});

const DESERT = 7;

const mapsOf = () =>
  open.inEditor(({ state }) => ({
    labels: [...state.drawing!.labels],
    instances: [...state.drawing!.instances],
  }));
const pixels = () => open.inEditor(async (editor) => [...(await editor.picture()).data]);

async function drag(from: [number, number], to: [number, number]): Promise<void> {
  const { mouse } = open.page;
  await mouse.move(...(await open.at(...from)));
  await mouse.down();
  await mouse.move(...(await open.at(...to)), { steps: 4 });
  await mouse.up();
  await open.settled();
}

test('it opens with a finished picture', async () => {
  assert.is(await open.page.locator('[data-time=full]').count(), 1);
  const data = await pixels();
  const [least, most] = [Math.min(...data), Math.max(...data)];
  assert.ok(most - least > 100, `from ${least} to ${most}`);
});

test('a stroke turns sea to land where it is drawn, and hardly elsewhere; undo gives back every byte', async () => {
  const before = await mapsOf();
  const was = await pixels();
  await open.page.getByLabel('desert').check();
  await open.inEditor((editor) => editor.set({ size: 10 }));
  await drag([10, 18], [10, 28]);
  const after = await mapsOf();
  const now = await pixels();
  const inside = after.labels.flatMap((label, i) => (label === DESERT && before.labels[i] !== DESERT ? [i] : []));
  assert.ok(inside.length > 100, `${inside.length} pixels drawn`);
  // Desert is brighter and redder than sea.
  const red = (data: number[], at: number[]) => at.reduce((sum, i) => sum + data[4 * i]!, 0) / at.length;
  assert.ok(red(now, inside) - red(was, inside) > 10, `${red(was, inside)} → ${red(now, inside)}`);
  const far = before.labels.flatMap((_, i) => (i % 64 > 40 && Math.floor(i / 64) < 24 ? [i] : []));
  const moved = far.reduce((sum, i) => sum + Math.abs(now[4 * i]! - was[4 * i]!), 0) / far.length;
  assert.ok(moved < 10, `${moved} levels on average far from it`);
  await open.page.keyboard.press('Control+z');
  await open.settled();
  assert.equal(await mapsOf(), before);
  await open.page.keyboard.press('Control+Shift+z');
  await open.settled();
  assert.equal(await mapsOf(), after);
  await open.page.keyboard.press('Control+z');
  await open.settled();
});

test('the third style of one country changes the features of that instance alone', async () => {
  const found = await open.inEditor((editor) => {
    const { instances } = editor.state.drawing!;
    const id = [...new Set(instances)].find((each) => each >= 1000 && editor.centresOf(each).length > 2)!;
    editor.set({ tool: 'select' });
    return { id, place: instances.indexOf(id), width: editor.state.drawing!.width };
  });
  await open.page.mouse.click(...(await open.at(found.place % found.width, Math.floor(found.place / found.width))));
  await open.page.getByLabel('Style 3').click();
  await open.settled();
  const chosen = await open.inEditor(({ state }) => [...state.drawing!.styles]);
  assert.equal(chosen, [[found.id, 2]]);
  assert.is(await open.page.getByLabel('Style 3').getAttribute('aria-pressed'), 'true');
  await open.page.keyboard.press('Control+z');
  await open.settled();
  assert.equal(await open.inEditor(({ state }) => [...state.drawing!.styles]), []);
});

test('ids of 16 bits survive saving and opening', async () => {
  const downloads = [open.page.waitForEvent('download'), open.page.waitForEvent('download')];
  await open.page.getByText('Save maps').click();
  await Promise.all(downloads);
  const before = await mapsOf();
  const project = open.page.waitForEvent('download');
  await open.page.getByText('Save project').click();
  const path = (await (await project).path())!;
  await open.inEditor((editor) => {
    editor.state.drawing!.instances.fill(7);
  });
  const chooser = open.page.waitForEvent('filechooser');
  await open.page.getByText('Open drawing …').click();
  await (await chooser).setFiles([{ name: 'mine.zip', mimeType: 'application/zip', buffer: readFileSync(path) }]);
  await open.page.waitForFunction(() => (globalThis as any).pix2pixhdEditor.state.drawing.instances[0] !== 7);
  await open.settled();
  const after = await mapsOf();
  assert.equal(after, before);
  assert.ok(Math.max(...after.instances) > 255);
});

test('two maps open together, whatever order they come in', async () => {
  const maps = smallMaps();
  const files = [
    { name: 'b_inst.png', mimeType: 'image/png', buffer: Buffer.from(instancesPng(maps)) },
    { name: 'a.png', mimeType: 'image/png', buffer: Buffer.from(labelsPng(maps)) },
  ];
  const chooser = open.page.waitForEvent('filechooser');
  await open.page.getByText('Open drawing …').click();
  await (await chooser).setFiles(files);
  await open.settled();
  assert.equal((await mapsOf()).instances, [...maps.instances]);
  assert.is(decodePng(instancesPng(maps)).depth, 16);
});

test('a broken checkpoint is refused in words, and takes nothing away', async () => {
  const before = await mapsOf();
  const chooser = open.page.waitForEvent('filechooser');
  await open.page.getByText('Open checkpoint …').click();
  await (await chooser).setFiles([
    { name: 'torn.safetensors', mimeType: '', buffer: Buffer.from('no checkpoint at all') },
  ]);
  const notice = open.page.getByRole('alert');
  await notice.waitFor();
  assert.match((await notice.textContent())!, /torn\.safetensors: not a valid safetensors file/);
  assert.equal(await mapsOf(), before);
  await drag([20, 20], [24, 24]);
  assert.is(await open.inEditor(({ state }) => state.notice?.kind), 'error');
  await open.page.getByText('Close').click();
});

test('a device that is lost comes back, and the drawing is as it was', async () => {
  const before = await mapsOf();
  // The next command of the worker's device finds it gone, as after a driver's reset.
  await open.page.workers()[0]!.evaluate(() => {
    const { prototype } = GPUDevice;
    const real = prototype.createCommandEncoder;
    prototype.createCommandEncoder = function (...args) {
      prototype.createCommandEncoder = real;
      this.destroy();
      return real.apply(this, args);
    };
  });
  await open.inEditor((editor) => editor.set({ tool: 'brush' }));
  await drag([8, 50], [8, 58]);
  assert.match((await open.page.locator('.notice').textContent())!, /lost and is back/);
  assert.not.equal((await mapsOf()).labels, before.labels);
  assert.ok(Math.max(...(await pixels())) > 50);
  await open.page.keyboard.press('Control+z');
  await open.settled();
  assert.equal(await mapsOf(), before);
});

test('it can be drawn with keys alone', async () => {
  const before = await mapsOf();
  await open.page.locator('.stage').focus();
  await open.page.keyboard.press('b');
  for (const key of ['ArrowDown', 'ArrowRight', 'Space', 'Shift+ArrowRight', 'Space'])
    await open.page.keyboard.press(key);
  await open.settled();
  assert.not.equal((await mapsOf()).labels, before.labels);
  await open.page.keyboard.press('Control+z');
  await open.settled();
});

test('nothing violated the policy, and nobody else was asked', () => assert.equal(open.complaints, []));

test.run();
