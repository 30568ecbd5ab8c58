// The browser, and the packages that the runner installed outside of the source tree.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.env.BROWSER_MODULES, 'package.json'));
const { chromium } = require('playwright-core');

// Reports contraventions of WCAG; it is run in the page.
export const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

// Chromium as Debian packages it, speaking to nobody but this machine.
export function startBrowser() {
  const args = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
    '--disable-sync', '--disable-dev-shm-usage', '--no-proxy-server'];
  if (process.getuid?.() === 0) args.push('--no-sandbox');
  return chromium.launch({ executablePath: path(process.env.CHROMIUM ?? 'chromium'), headless: true, args });
}

function path(name) {
  if (name.includes('/')) return name;
  const { accessSync } = require('node:fs');
  const places = process.env.PATH.split(':').map((folder) => join(folder, name));
  const found = places.find((place) => {
    try {
      accessSync(place);
      return true;
    } catch {
      return false;
    }
  });
  if (!found) throw new Error(`${name} is not in PATH: install Debian's package chromium`);
  return found;
}
