// The market view over three stored trade dates.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { launch } from '../../web/bench/browser.mjs';
import { close, faults, open, picture } from './look';
import { stop, type Service } from './program';
import { serveUp } from './stage';

describe('market', () => {
  let up: Service;
  let url: string;
  let browser: Browser;
  beforeAll(async () => {
    up = await serveUp(inject('stage'), '127.0.0.1:0');
    url = String(up.ready['url']).replace(/\/?$/, '/');
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    if (up) await stop(up);
  });

  const market = (charts: string, more = '') => `${url}#/market?charts=${charts}${more}`;

  it('paints within a second, and shows the newest rows', async () => {
    const paints: number[] = [];
    for (let i = 0; i < 3; i++) {
      const look = await open(browser, url);
      await look.page.locator('.legend time').waitFor();
      paints.push(
        await look.page.evaluate(
          () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity,
        ),
      );
      if (i === 0) {
        expect(await look.page.locator('.legend').innerText()).toMatch(
          /[A-Z]{2}[UN]5.*2025-06-12/s,
        );
        expect(await faults(look.page)).toEqual([]);
        await picture(look.page, 'market');
      }
      await close(look);
    }
    console.log(`first contentful paint: ${paints.map((ms) => ms.toFixed(0)).join(', ')} ms`);
    expect(Math.min(...paints)).toBeLessThan(1_000);
  });

  it('has every resolution', async () => {
    const look = await open(browser, market('ES.1s.front'));
    for (const name of ['1 s rolling', '1 s', '1 min', '5 min', '15 min', '1 h', '1 d']) {
      await look.page.getByRole('button', { name, exact: true }).click();
      await look.page.waitForFunction(
        () => !document.querySelector('.legend')?.textContent?.includes('oading'),
      );
      const legend = await look.page.locator('.legend').innerText();
      expect(legend, name).toMatch(/ES[MU]5.*2025-06-1/s);
    }
    await close(look);
  });

  it('marks a roll with both contracts, and names a gap', async () => {
    const look = await open(browser, market('ES.5m.front'));
    const marks = look.page.locator('[aria-label="Marks on the chart"]');
    await marks.locator('li').first().waitFor({ state: 'attached' });
    const text = (await marks.allInnerTexts()).join('\n');
    expect(text).toMatch(/Wed 2025-06-11 .*front month from ESM5 to ESU5/);
    expect(text).toMatch(/Gap, Tue 2025-06-10 09:0\d:\d\d to Tue 2025-06-10 09:20:0\d: /);
    await look.page.locator('.canvas').focus();
    await look.page.keyboard.press('Home');
    await look.page.waitForTimeout(500);
    await picture(look.page, 'roll-and-gap');
    await close(look);
  });

  it('loads older rows as one scrolls, 10,000 and more', async () => {
    const look = await open(browser, market('ES.1s.front'));
    const { page } = look;
    await page.locator('.legend time').waitFor();
    const canvas = page.locator('.canvas');
    await canvas.focus();
    const table = page.getByRole('button', { name: 'Table', exact: true });
    const rows = () => page.locator('.grid').getAttribute('aria-rowcount');
    for (let i = 0; i < 20; i++) {
      await page.keyboard.press('Home');
      await page.keyboard.press('PageUp');
      await page.waitForTimeout(400);
    }
    await table.click();
    await expect
      .poll(async () => Number(await rows()), { timeout: 20_000 })
      .toBeGreaterThan(10_000);
    const box = page.locator('.grid-box');
    await box.evaluate((element) => element.scrollTo(0, 24 * 9_990));
    await page.locator('[aria-rowindex="10001"]').waitFor();
    expect(await page.locator('.grid tbody tr').count()).toBeLessThan(100);
    await picture(page, 'table');
    await close(look);
  });

  it('shows every column of the row under the cross-hair', async () => {
    const look = await open(browser, market('ES.1s.front'));
    const { page } = look;
    await page.locator('.legend time').waitFor();
    const before = await page.locator('.legend time').innerText();
    const box = (await page.locator('.canvas').boundingBox())!;
    await page.mouse.move(box.x + 300, box.y + 150);
    await expect.poll(() => page.locator('.legend time').innerText()).not.toBe(before);
    await expect.poll(() => page.locator('.inspector tr').count()).toBeGreaterThanOrEqual(29);
    expect(await page.locator('.inspector').innerText()).toContain('Book imbalance');
    await close(look);
  });

  it('shows volume at price and CVD per trade date, in the address too', async () => {
    const look = await open(browser, market('ES.1m.front'));
    const { page } = look;
    await page.locator('.legend time').waitFor();
    const asked = page.waitForResponse((response) => response.url().includes('volume-at-price'));
    await page.getByRole('button', { name: 'Volume at price' }).click();
    const profile = (await (await asked).json()) as {
      prices: number[];
      volume: number[];
    };
    expect(profile.prices.length).toBeGreaterThan(5);
    expect(profile.volume.length).toBe(profile.prices.length);
    await page.getByRole('button', { name: 'per trade date' }).click();
    expect(page.url()).toMatch(/profile=1/);
    expect(page.url()).toMatch(/cvd=reset/);
    await page.waitForTimeout(300);
    await picture(page, 'volume-at-price');
    await close(look);
  });

  it('is steered by keys, and says where it stands', async () => {
    const look = await open(browser, market('ES.1s.front'));
    const { page } = look;
    await page.locator('.legend time').waitFor();
    await page.locator('.canvas').focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Shift+ArrowLeft');
    const said = page.locator('[role=log]');
    await expect.poll(() => said.textContent()).toMatch(/2025-06-12 .*ESU5: close [\d,.]+/);
    await page.keyboard.press('3');
    await expect.poll(() => page.url()).toContain('ES.1m.front');
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    expect(await faults(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await close(look);
  });

  it('has contracts and deferred months, and says why nothing is shown', async () => {
    const look = await open(browser, market('ES.1m.ESU5'));
    const { page } = look;
    await expect.poll(() => page.locator('.legend b').innerText()).toBe('ESU5');
    await page.getByLabel('Contract').selectOption('1');
    await expect.poll(() => page.url()).toContain('ES.1m.1');
    await page.getByLabel('Root').selectOption('ZS');
    await page.getByText('No rows of ZS').waitFor();
    await close(look);
  });

  it('shows several roots side by side', async () => {
    const look = await open(browser, market('ES.1m.front'));
    const { page } = look;
    await page.locator('.legend time').waitFor();
    await page.getByRole('button', { name: 'Add chart' }).click();
    await page.getByRole('button', { name: 'Add chart' }).click();
    await expect.poll(() => page.locator('.legend time').count()).toBe(3);
    await page.waitForTimeout(500);
    expect(await faults(page)).toEqual([]);
    await picture(page, 'side-by-side');
    await page
      .getByRole('button', { name: /^Close/ })
      .first()
      .click();
    await expect.poll(() => page.locator('.panel').count()).toBe(2);
    await close(look);
  });

  it('says that a market is closed, and until when', async () => {
    const look = await open(browser, url);
    const { page } = look;
    await page.route('**/api/live-data?*', async (route) => {
      const answer = (await (await route.fetch()).json()) as Record<string, unknown>;
      const closed = {
        state: 'closed',
        expected: 'closed',
        reason: 'closed until Sun 17:00 CT',
      };
      await route.fulfill({ json: { ...answer, ...closed } });
    });
    await page.reload();
    await page.getByText('closed until Sun 17:00 CT').waitFor();
    await page.locator('.legend time').waitFor();
    await close(look);
  });

  it('is itself in the dark and on a telephone', async () => {
    for (const [name, options] of [
      ['market-dark', { dark: true }],
      ['market-narrow', { width: 390, height: 844 }],
      ['market-narrow-dark', { width: 390, height: 844, dark: true }],
    ] as const) {
      const look = await open(browser, market('CL.5m.front'), options);
      await look.page.locator('.legend time').waitFor();
      await look.page.waitForTimeout(400);
      expect(await faults(look.page), name).toEqual([]);
      const wide = await look.page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide, name).toBeLessThanOrEqual('width' in options ? options.width : 1440);
      await picture(look.page, name);
      await close(look);
    }
  });

  it('shows local time where asked', async () => {
    const look = await open(browser, market('ES.1m.front'));
    const { page } = look;
    const time = page.locator('.legend time');
    await time.waitFor();
    const exchange = await time.innerText();
    await page.getByLabel('Times').selectOption('local');
    await expect.poll(() => time.innerText()).not.toBe(exchange);
    const hour = (text: string) => Number(/ (\d\d):/.exec(text)?.[1]);
    expect((hour(await time.innerText()) - hour(exchange) + 24) % 24).toBe(7); // Chicago to Berlin
    await close(look);
  });
});
