// How many frames a second the chart draws with 50,000 candles, volume, delta and CVD: all in sight, then panned.
// Usage: node frames.mjs URL [WANTED]      of a running server; exit code 1 below WANTED frames a second
import { launch } from './browser.mjs';

const ROWS = 50_000;
const MEASURE_MS = 3_000;

function candles() {
  const columns = ['time', 'open', 'high', 'low', 'close', 'volume', 'vd', 'cvd_close', 'symbol'];
  /** @type {Record<string, unknown>} */
  const data = Object.fromEntries(columns.map((name) => [name, []]));
  let price = 6_000;
  let cvd = 0;
  const put = (/** @type {string} */ name, /** @type {number} */ value) =>
    /** @type {number[]} */ (data[name]).push(value);
  for (let i = 0; i < ROWS; i++) {
    const open = price;
    const vd = ((i * 7919) % 401) - 200;
    price += (((i * 104_729) % 9) - 4) * 0.25;
    cvd += vd;
    put('time', 1_749_500_000 + i);
    put('open', open);
    put('high', Math.max(open, price) + 0.5);
    put('low', Math.min(open, price) - 0.5);
    put('close', price);
    put('volume', 500 + ((i * 31) % 900));
    put('vd', vd);
    put('cvd_close', cvd);
  }
  data['symbol'] = { runs: [['ESU5', ROWS]] };
  const rest = { next: null, earlier: false, tail_from: null, types: {} };
  return JSON.stringify({
    root: 'ES',
    resolution: '1s',
    source: 'candles_1m',
    timezone: 'America/Chicago',
    columns,
    rows: ROWS,
    data,
    ...rest,
  });
}

/**
 * Frames a second while all is in sight and while it is panned, each the mean of three seconds.
 * @param {import('playwright-core').Page} page
 * @param {string} url
 */
export async function measureFrames(page, url) {
  const body = candles();
  const marks = JSON.stringify({ sessions: [], holidays: [], switches: [], gaps: [] });
  // What asks for newer or single rows is told that there are none.
  const none = JSON.stringify({ columns: [], rows: 0, data: {}, next: null, earlier: false });
  await page.route('**/api/candles?*', (route) =>
    route.fulfill({
      contentType: 'application/json',
      body: /[?&]from=/.test(route.request().url()) ? none : body,
    }),
  );
  await page.route('**/api/marks?*', (route) => route.fulfill({ json: JSON.parse(marks) }));
  await page.goto(`${url}#/market?charts=ES.1s.front`);
  const canvas = page.locator('.canvas');
  await page.locator('.legend time').waitFor();
  await canvas.focus();
  await page.keyboard.press('Home');
  // Points that are drawn as one are put together in the background.
  await page.waitForTimeout(2_000);
  const measure = (/** @type {number} */ pan) =>
    canvas.evaluate(
      (element, { pan, ms }) =>
        new Promise((/** @type {(rate: number) => void} */ done) => {
          const target = element.querySelector('canvas');
          const box = element.getBoundingClientRect();
          let frames = 0;
          const start = performance.now();
          const step = (/** @type {number} */ now) => {
            frames++;
            // Moving the cross-hair redraws as a reader's hand would; a wheel to the side pans.
            const at = {
              bubbles: true,
              clientX: box.left + 100 + (frames % 300),
              clientY: box.top + 80,
            };
            target?.dispatchEvent(new MouseEvent('mousemove', at));
            const deltaX = pan * (Math.floor(frames / 60) % 2 === 0 ? 1 : -1);
            if (pan)
              target?.dispatchEvent(new WheelEvent('wheel', { ...at, deltaX, cancelable: true }));
            if (now - start < ms) requestAnimationFrame(step);
            else done((frames * 1000) / (now - start));
          };
          requestAnimationFrame(step);
        }),
      { pan, ms: MEASURE_MS },
    );
  return { still: await measure(0), panned: await measure(12) };
}

async function main() {
  const [url = 'http://127.0.0.1:8080/', wanted = '50'] = process.argv.slice(2);
  const browser = await launch();
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const { still, panned } = await measureFrames(page, url);
  await browser.close();
  const text = (/** @type {number} */ rate) => rate.toFixed(1).padStart(6);
  console.log(`50,000 candles, all in sight: ${text(still)} frames/s`);
  console.log(`50,000 candles, panned:       ${text(panned)} frames/s (wanted: ${wanted})`);
  process.exitCode = panned >= Number(wanted) ? 0 : 1;
}

if (process.argv[1]?.endsWith('frames.mjs')) await main();
