// Drives the page in headless Chromium as a user would: node web/check.mjs FOLDER [--out FILE] [--screenshot FILE]
// Trains, draws a seven, reads the result, saves the weights.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { withBrowser } from './browser.mjs';

// A seven, in fractions of the pad.
const SEVEN = [[0.3, 0.28], [0.7, 0.28], [0.62, 0.45], [0.54, 0.6], [0.47, 0.78]];

const { positionals: [folder = 'digits'], values } = parseArgs({ allowPositionals: true, options: { out: { type: 'string' }, screenshot: { type: 'string' } } });
await withBrowser(folder, async (browser, address) => {
  const page = await browser.newPage({ viewport: { width: 1040, height: 900 }, acceptDownloads: true });
  const problems = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('request', (request) => new URL(request.url()).origin !== new URL(address).origin && !/^(blob|data):/.test(request.url()) && problems.push(`asked for ${request.url()}`));
  await page.goto(address);
  const status = page.locator('#status');
  const orStatus = async () => {
    throw new Error(`The page says: ${await status.textContent()}`);
  };
  await page.locator('#train:enabled').click({ timeout: 60_000 }).catch(orStatus);
  await page.locator('#save:enabled').waitFor({ timeout: 200_000 }).catch(orStatus);

  const pad = await page.locator('#pad').boundingBox();
  const points = SEVEN.map(([x, y]) => [pad.x + x * pad.width, pad.y + y * pad.height]);
  await page.mouse.move(...points[0]);
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...point, { steps: 12 });
  await page.mouse.up();
  await page.locator('#verdict strong').waitFor();

  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#save').click()]);
  await download.saveAs(values.out ?? join(folder, 'web.npz'));
  if (values.screenshot) await page.screenshot({ path: values.screenshot, fullPage: true });
  console.log(await status.textContent());
  console.log(`a step: ${await page.locator('#speed').textContent()}`);
  console.log(`held out: accuracy ${(parseFloat(await page.locator('#accuracy').textContent()) / 100).toFixed(4)}`);
  console.log(`a drawn seven: ${await page.locator('#verdict').textContent()}`);
  if (problems.length > 0) throw new Error(`The page reported: ${problems.join('; ')}`);
});
