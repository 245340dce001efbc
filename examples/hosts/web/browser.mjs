// Headless Chromium on the local server.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { serve } from './serve.mjs';

/**
 * Serves a folder, opens a browser, and closes both in the end. CHROMIUM names the browser if it is not found.
 * @param {string} folder What is served as data.
 * @param {(browser: import('playwright-core').Browser, address: string) => Promise<void>} visit What happens there.
 */
export async function withBrowser(folder, visit) {
  const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => path && existsSync(path));
  if (!executablePath) throw new Error('No Chromium was found. Install it (Debian: apt-get install chromium) or name it in CHROMIUM.');
  const server = await serve(folder);
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
  try {
    await visit(browser, server.address);
  } finally {
    await browser.close();
    server.close();
  }
}
