// Prints the results of a folder's ONNX files in a page of headless Chromium, as JSON: node web/check-files.mjs FOLDER
import { withBrowser } from './browser.mjs';

const [folder = '.'] = process.argv.slice(2);
await withBrowser(folder, async (browser, address) => {
  const page = await browser.newPage();
  await page.goto(`${address}files.html`);
  const shown = page.locator('#results[data-done]');
  await shown.waitFor({ timeout: 120_000 });
  console.log(await shown.textContent());
});
