// The next trade date comes in: rows that are not final yet, a server that goes and comes back.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { launch } from '../../web/bench/browser.mjs';
import { close, open, picture } from './look';
import { stop, type Service } from './program';
import { serveNextDay, serveUp } from './stage';

const newest = (page: Page) => page.locator('.legend time').innerText();

describe('live', () => {
  const stage = inject('stage');
  let gateway: Service;
  let up: Service;
  let url: string;
  let browser: Browser;
  beforeAll(async () => {
    gateway = await serveNextDay(stage, '10');
    up = await serveUp(stage, '127.0.0.1:0', gateway);
    url = String(up.ready['url']).replace(/\/?$/, '/');
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    if (up) await stop(up);
    if (gateway) await stop(gateway);
  });

  it('new rows come without a reload, and the canvas stays', async () => {
    const look = await open(browser, `${url}#/market?charts=ES.1s.front`);
    const { page } = look;
    await page.locator('.legend time').waitFor();
    const canvas = await page.locator('.canvas canvas').first().elementHandle();
    let requests = 0;
    page.on('request', (request) => (requests += request.url().includes('/api/candles') ? 1 : 0));
    const first = await newest(page);
    await expect.poll(() => newest(page), { timeout: 60_000 }).not.toBe(first);
    const second = await newest(page);
    await expect.poll(() => newest(page), { timeout: 60_000 }).not.toBe(second);
    expect(second > first).toBe(true);
    // The inspector asks for the newest row; the chart itself asks for nothing.
    expect(await canvas?.evaluate((element) => element.isConnected)).toBe(true);
    await page.locator('.feed-state[data-link=live]').waitFor();
    await picture(page, 'live');
    await close(look);
    expect(requests).toBeLessThan(60);
  });

  it('a server that restarts is found again, and rows go on', async () => {
    const look = await open(browser, `${url}#/market?charts=ES.1s.front`);
    const { page } = look;
    await page.locator('.feed-state[data-link=live]').waitFor();
    await stop(up);
    await page.locator('.feed-state[data-link=lost]').waitFor();
    expect(await page.locator('.feed-state').innerText()).toContain('reconnecting');
    await picture(page, 'reconnecting');
    const before = await newest(page);
    up = await serveUp(stage, new URL(url).host, gateway);
    await page.locator('.feed-state[data-link=live]').waitFor({ timeout: 40_000 });
    await expect.poll(() => newest(page), { timeout: 60_000 }).not.toBe(before);
    // Connections that were refused are what this is about.
    look.complaints.splice(0);
    await close(look);
  });
});
