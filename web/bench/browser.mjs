// The browser of tests and measurements: Debian's Chromium, without a window and without the network.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export function executable() {
  const path = process.env['FRONTMONTH_CHROMIUM'] ?? PLACES.find((place) => existsSync(place));
  if (!path) throw new Error('no Chromium is installed; tools/bootstrap test installs it');
  return path;
}

// A new browser with an empty profile of its own.
export function launch() {
  return chromium.launch({
    executablePath: executable(),
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
