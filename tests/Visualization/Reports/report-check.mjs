// Looks at a report in headless Chromium as a reader would: node report-check.mjs REPORT LAYER SEARCH HITS SECTIONS [live STOP]
// LAYER is the path of a layer to click, SEARCH a text that HITS layers have. STOP is a file that is written when a live page has shown two epochs.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [address, layer, search, hits, sections, live, stop] = process.argv.slice(2);
const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => path && existsSync(path));
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });

const open = async (width, colorScheme) => {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const problems = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && problems.push(message.text()));
  page.on('request', (request) => !request.url().startsWith(address) && !request.url().startsWith('data:') && problems.push(`asked for ${request.url()}`));
  await page.goto(address);
  return { page, problems };
};

const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const box = (page) => page.locator(`[data-path="${CSS(layer)}"]`);
const CSS = (text) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');

// Every text must have a contrast of 4.5 to what is behind it; pictures of layers have colors of their own.
const faint = (page) => page.evaluate(() => {
  const rgb = (text) => (text.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number).map((value, i) => (text.startsWith('color(srgb') && i < 3 ? value * 255 : value));
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor);
      if (color.length < 4 || color[3] > 0.99) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll('h1, h2, h3, h4, p, a, dt, dd, th, td, li, button, label, summary, figcaption, figure text')) {
    if (element.textContent.trim() === '' || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const color = light(rgb(element.namespaceURI.endsWith('svg') ? style.fill : style.color));
    const other = light(behind(element));
    const contrast = (Math.max(color, other) + 0.05) / (Math.min(color, other) + 0.05);
    if (contrast < 4.5) found.push(`${element.nodeName} '${element.textContent.slice(0, 40)}' ${contrast.toFixed(2)}`);
  }
  return found;
});

// Texts of charts lie inside their charts, and none over another.
const crowded = (page) => page.evaluate(() => {
  const found = [];
  for (const chart of document.querySelectorAll('figure svg[role="img"]')) {
    const outer = chart.getBoundingClientRect();
    const texts = [...chart.querySelectorAll('text')].map((text) => [text.textContent, text.getBoundingClientRect()]);
    for (const [text, box] of texts) {
      if (box.left < outer.left - 1 || box.right > outer.right + 1 || box.top < outer.top - 1 || box.bottom > outer.bottom + 1) found.push(`'${text}' is cut`);
    }
    texts.forEach(([text, a], i) => texts.slice(i + 1).forEach(([other, b]) => {
      if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1) found.push(`'${text}' and '${other}'`);
    }));
  }
  return found;
});

try {
  const colors = {};
  for (const width of [1280, 400]) {
    for (const scheme of ['light', 'dark']) {
      const { page, problems } = await open(width, scheme);
      if (live) await page.getByText(/^Epoch \d+ is done/).waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, `the page scrolls sidewards at ${width} pixels`);
      assert.equal(await page.locator('section').evaluateAll((parts) => parts.map((part) => part.id).join()), sections);
      colors[scheme] = await background(page);
      assert.deepEqual(await faint(page), [], `texts at ${width} pixels, ${scheme}`);
      assert.deepEqual(await crowded(page), [], `texts of charts at ${width} pixels`);

      await box(page).click();
      assert.match(await page.locator('#layer h3').textContent(), new RegExp(`^${layer.replace(/[^\w/]/g, '.')} \\(`));
      assert.ok(await page.locator('#layer tr').count() >= 5);
      assert.equal(await page.locator('[aria-pressed="true"][data-path]').count(), 1);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, 'the page scrolls sidewards after a click');

      await page.locator('#search').fill(search);
      assert.equal(await page.locator('#view .hit').count(), Number(hits));
      assert.match(await page.locator('#found').textContent(), new RegExp(`^${hits} of \\d+ layers`));
      await page.locator('#search').press('Enter');
      assert.match(await page.locator('#found').textContent(), new RegExp(`^1 of ${hits}: `));
      await page.locator('#search').fill('no such layer');
      assert.match(await page.locator('#found').textContent(), /^No layer has/);
      await page.locator('#search').press('Escape');
      assert.equal(await page.locator('#view .hit, #view .dim').count(), 0);
      assert.deepEqual(problems, []);
      await page.close();
    }
  }
  assert.notEqual(colors.light, colors.dark);

  const { page, problems } = await open(1280, 'light');
  await page.locator('#theme').click();
  assert.equal(await background(page), colors.dark, 'the switch');
  assert.equal(await page.locator('#theme').getAttribute('aria-pressed'), 'true');

  // By keyboard alone: to the layer, open it, back, zoom.
  await box(page).focus();
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'layer');
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => document.activeElement.dataset.path), layer);
  const zoom = () => page.locator('#zoom').textContent();
  const before = await zoom();
  await page.keyboard.press('+');
  assert.notEqual(await zoom(), before);
  await page.keyboard.press('-');
  assert.equal(await zoom(), before);
  await page.locator('#search').focus();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'zoom-out');
  await page.locator('#zoom-fit').click();

  // For those who cannot see it: pictures have words, fields have labels, curves have tables.
  assert.equal(await page.locator('img:not([alt]), [role="img"]:not([aria-label]), [role="region"]:not([aria-label])').count(), 0);
  assert.equal(await page.getByLabel('Search layers').count(), 1);
  const nameless = await page.locator('button').evaluateAll((buttons) => buttons.filter((button) => !(button.ariaLabel ?? button.textContent).trim()).length);
  assert.equal(nameless, 0);
  const curves = page.locator('#curve-charts svg[role="img"]');
  if (live) await curves.first().waitFor();
  if (await curves.count() > 0) {
    await page.locator('#curve-numbers summary').click();
    console.log(`curve: ${await curves.first().getAttribute('aria-label')}`);
    assert.ok(await page.locator('#curve-table tbody tr').count() > 0);
  }
  if (live) {
    await page.getByText(/^Epoch ([2-9]|\d\d+) is done/).waitFor();
    writeFileSync(stop, 'seen');
    await page.getByText('Training has ended.').waitFor();
    const label = await curves.first().getAttribute('aria-label');
    console.log(`last: ${label}`);
  }
  assert.deepEqual(problems, []);
  console.log('all is well');
} finally {
  await browser.close();
}
