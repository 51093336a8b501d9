// Health, coverage, query and operations over three stored trade dates.
import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { launch } from '../../web/bench/browser.mjs';
import { close, faults, open, picture } from './look';
import { stop, type Service } from './program';
import { serveUp } from './stage';

describe('views', () => {
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

  it('health has a line a root and table, and is not green for old rows', async () => {
    const look = await open(browser, `${url}#/health`);
    const { page } = look;
    await page.locator('.verdict').waitFor();
    const data = page.getByRole('region', { name: 'Data' });
    for (const root of ['ES', 'ZC', 'CL'])
      expect(await data.getByRole('rowheader', { name: root }).count()).toBeGreaterThan(0);
    expect(await data.locator('[data-state=green]').count()).toBe(0);
    expect(await page.locator('.verdict').getAttribute('class')).not.toContain('green');
    expect(await faults(page)).toEqual([]);
    await picture(page, 'health');
    await close(look);
  });

  it('coverage leads from years to minutes, each with its reason', async () => {
    const look = await open(browser, `${url}#/coverage?root=ES`);
    const { page } = look;
    const cell = (key: string) => page.locator(`.cell[title^="${key}:"]`);
    await cell('2025').click();
    await cell('2025-06').click();
    await cell('2025-06-10').waitFor();
    await cell('2025-06-10').hover();
    expect(await page.locator('.reason').innerText()).toContain('lost by the feed');
    expect(await faults(page)).toEqual([]);
    await picture(page, 'coverage');
    await cell('2025-06-10').click();
    await page.locator('.minutes').waitFor();
    expect(await page.locator('.minutes rect').count()).toBeGreaterThan(20);
    const list = page.getByRole('region', { name: 'Minutes without a trade' });
    expect(await list.innerText()).toContain('lost by the feed');
    expect(await faults(page)).toEqual([]);
    await picture(page, 'coverage-minutes');
    await page.getByRole('button', { name: 'All years' }).click();
    await cell('2025').waitFor();
    await close(look);
  });

  it('query completes names, shows 10,000 rows, draws them, and gives them away', async () => {
    const look = await open(browser, `${url}#/query`);
    const { page } = look;
    const editor = page.getByLabel('SQL');
    await page.getByText('candles_1m', { exact: true }).first().waitFor();
    await editor.fill('');
    await editor.pressSequentially('SELECT time, close, volume FROM candles_1');
    await page.getByRole('option', { name: /candles_1m/ }).click();
    expect(await editor.inputValue()).toBe('SELECT time, close, volume FROM candles_1m');
    await editor.press('End');
    await editor.pressSequentially(" WHERE ticker = 'ES' ORDER BY time LIMIT 10000", { delay: 1 });
    await editor.press('Escape');
    await editor.press('Control+Enter');
    await page.getByText('10,000 rows in').waitFor();
    expect(await page.locator('.grid').getAttribute('aria-rowcount')).toBe('10001');
    await page.locator('.results .grid-box').evaluate((box) => box.scrollTo(0, 1e9));
    await page.locator('[aria-rowindex="10001"]').waitFor();
    expect(await faults(page)).toEqual([]);
    await picture(page, 'query-grid');
    await page.getByRole('button', { name: 'Chart' }).click();
    await page.locator('.plot-box canvas').waitFor();
    await page.waitForTimeout(300);
    expect(await faults(page)).toEqual([]);
    await picture(page, 'query-chart');
    const csv = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV' }).click();
    const text = readFileSync((await (await csv).path()) ?? '', 'utf8');
    expect(text.trimEnd().split('\n')).toHaveLength(10_001);
    const parquet = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Parquet' }).click();
    const bytes = readFileSync((await (await parquet).path()) ?? '');
    expect(bytes.subarray(0, 4).toString()).toBe('PAR1');
    await close(look);
  });

  it('query keeps what was saved, refuses what is no question, and says why', async () => {
    const look = await open(browser, `${url}#/query`);
    const { page } = look;
    await page.getByLabel('SQL').fill('SELECT 41 + 1 AS answer');
    await page.getByLabel('Name for this query').fill('the answer');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.reload();
    await page.getByRole('button', { name: 'the answer', exact: true }).click();
    await page.getByRole('cell', { name: '42' }).waitFor();
    await page.getByLabel('SQL').fill("COPY (SELECT 1) TO '/tmp/x.csv'");
    await page.getByRole('button', { name: 'Run' }).click();
    await page.getByRole('alert').waitFor();
    expect((await page.getByRole('alert').innerText()).length).toBeGreaterThan(10);
    // The refusal is an answer with an error's status, which the console tells.
    expect(look.complaints.splice(0).every((text) => /status of 4\d\d/.test(text))).toBe(true);
    await close(look);
  });

  it('operations shows jobs, events, mirror, costs, status, configuration and version', async () => {
    const look = await open(browser, `${url}#/operations`);
    const { page } = look;
    for (const tab of [
      'Jobs',
      'Quality events',
      'Mirror',
      'Costs',
      'Status',
      'Configuration',
      'About',
    ]) {
      await page.getByRole('button', { name: tab, exact: true }).click();
      await page.waitForFunction(
        () => !document.querySelector('main')?.textContent?.includes('Loading…'),
      );
      const problem = page.getByRole('alert');
      expect(await problem.allInnerTexts(), tab).toEqual([]);
      expect(await faults(page), tab).toEqual([]);
      await picture(page, `operations-${tab.toLowerCase().replace(' ', '-')}`);
    }
    await close(look);
  });

  it.each(['health', 'coverage', 'query', 'operations'])(
    '%s is itself in the dark and on a telephone',
    async (view) => {
      for (const [name, options] of [
        ['dark', { dark: true }],
        ['narrow', { width: 390, height: 844 }],
      ] as const) {
        const look = await open(browser, `${url}#/${view}`, options);
        await look.page.waitForFunction(
          () => !document.querySelector('main')?.textContent?.includes('Loading…'),
        );
        await look.page.waitForTimeout(300);
        expect(await faults(look.page), `${view} ${name}`).toEqual([]);
        const wide = await look.page.evaluate(() => document.documentElement.scrollWidth);
        expect(wide, view).toBeLessThanOrEqual('width' in options ? options.width : 1440);
        await picture(look.page, `${view}-${name}`);
        await close(look);
      }
    },
  );
});
