// The page in headless Chromium: what it shows of a run that goes on meanwhile, and what a hostile name does to it.

import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildDashboard } from '../../scripts/dashboard.mjs';
import { openRuns } from '../../src/watch/run.js';
import { serveRuns } from '../../src/watch/server.js';
import { launch } from '../browser/chromium.mjs';
import { withFolder } from '../formats/support.js';
import { addSheet, addSteps, LABEL, makeRun, PAINTED, REAL } from '../watch/make-run.js';

const test = suite('dashboard page');
test.before(() => buildDashboard('.cache/test/dashboard'));

/** The page of some runs; fails where it has an error or breaks its own policy. */
async function withPage(roots: string[], use: (page: Page) => Promise<void>): Promise<void> {
  const dashboard = await serveRuns(await openRuns(roots), 0);
  const browser = await launch();
  try {
    const page = await browser.newPage({ locale: 'en-US', colorScheme: 'dark' });
    await page.addInitScript(() => {
      Object.defineProperty(Navigator.prototype, 'language', { get: () => 'en-US@posix' }); // as a C locale is called, which Intl refuses
    });
    const faults: string[] = [];
    page.on('pageerror', ({ message }) => faults.push(message));
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    await page.goto(dashboard.url);
    await page.locator('figure.chart').first().waitFor();
    await page.locator('.tiles canvas').first().waitFor();
    await use(page);
    assert.equal(faults, []);
  } finally {
    await browser.close();
    await dashboard.close();
  }
}

/** Colours of the first sample's canvas, at parts of its width. */
const coloursAt = (page: Page, ...parts: number[]) =>
  page.evaluate((at) => {
    const canvas = document.querySelector<HTMLCanvasElement>('.tiles canvas')!;
    const pixel = (part: number) => canvas.getContext('2d')!.getImageData(part * canvas.width, 2, 1, 1).data;
    return at.map((part) => [...pixel(part)].slice(0, 3));
  }, parts);

/** Pixels of a chart that are drawn in the first run's colour of the dark scheme. */
const drawn = (page: Page) =>
  page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('.chart canvas')!;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4)
      if (data[i] === 0x7a && data[i + 1] === 0xb7 && data[i + 2] === 0xff) count++;
    return count;
  });

test('curves and pictures come while a run trains; slider, wipe and keys work', () =>
  withFolder(async (folder) => {
    const root = makeRun(folder, 'one');
    await withPage([root], async (page) => {
      assert.match(await page.locator('.runs').innerText(), /step\s+6 of 20/);
      assert.ok((await drawn(page)) > 20, 'a curve is drawn');
      assert.equal(await coloursAt(page, 0.1, 0.5, 0.9), [LABEL, PAINTED, REAL]);

      addSteps(root, 7, 9, { deviceBytes: 3 * 2 ** 20, note: 'the discriminator has won' });
      addSheet(root, 9);
      await page.getByText('9 of 20').waitFor();
      await page.getByText('one, step 9', { exact: true }).waitFor();
      await page.getByText('3.00 MiB').first().waitFor();
      await page.getByText('the discriminator has won').first().waitFor();

      const slider = page.getByLabel('step', { exact: false }).and(page.locator('.step'));
      await slider.focus();
      await page.keyboard.press('ArrowLeft');
      await page.getByText('one, step 6', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Real' }).click();
      assert.equal(await coloursAt(page, 0.1, 0.9), [REAL, REAL]);
      const box = (await page.locator('.tiles canvas').first().boundingBox())!;
      await page.mouse.move(box.x + 1, box.y + 5);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.6, box.y + 5);
      await page.mouse.up();
      assert.equal(await coloursAt(page, 0.3, 0.9), [PAINTED, REAL]);

      const all = page.getByRole('button', { name: 'All steps' });
      assert.ok(await all.isDisabled());
      await page.locator('figure.chart').first().focus();
      await page.keyboard.press('+');
      assert.ok(await all.isEnabled());
      await page.keyboard.press('0');
      assert.ok(await all.isDisabled());
    });
  }));

test('runs side by side; a hostile name is a name', () =>
  withFolder(async (folder) => {
    const hostile = '<img src=x onerror="window.hit=1">';
    const roots = [makeRun(folder, hostile), makeRun(folder, 'two')];
    addSteps(roots[0]!, 7, 7, { '<img src=x onerror="window.hit=2">': 1, note: '<script>window.hit=3</script>' });
    await withPage(roots, async (page) => {
      assert.ok(await page.getByText(hostile).first().isVisible());
      assert.is(await page.locator('figure.sheet').count(), 2);
      assert.equal(await page.evaluate(() => [document.images.length, (window as { hit?: number }).hit]), [
        0,
        undefined,
      ]);
      await page.getByRole('checkbox', { name: 'two' }).uncheck();
      assert.is(await page.locator('figure.sheet').count(), 1);
    });
  }));

test.run();
