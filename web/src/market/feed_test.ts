import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Marks } from '../api/types';
import { ChartFeed, contractParameters, mergeMarks, type FeedEvents } from './feed';

const NO_MARKS: Marks = { sessions: [], holidays: [], switches: [], gaps: [] };

function answer(times: number[], earlier: boolean) {
  const flat = times.map(() => 1);
  const columns = ['time', 'open', 'high', 'low', 'close', 'volume'];
  return {
    columns,
    rows: times.length,
    data: { time: times, open: flat, high: flat, low: flat, close: flat, volume: flat },
    source: 'candles_1m',
    next: null,
    earlier,
  };
}

describe('contractParameters', () => {
  it('tells a rank from a name', () => {
    expect(contractParameters('front')).toEqual({});
    expect(contractParameters('2')).toEqual({ rank: '2' });
    expect(contractParameters('6EU5')).toEqual({ symbol: '6EU5' });
  });
});

describe('mergeMarks', () => {
  it('keeps each once and takes the newer word', () => {
    const gap = { from: 5, to: 9, reason: 'feed gap', detail: '', repaired: false };
    const merged = mergeMarks(
      { ...NO_MARKS, gaps: [gap], switches: [{ time: 7, from: 'A', to: 'B' }] },
      {
        ...NO_MARKS,
        gaps: [
          { ...gap, repaired: true },
          { ...gap, from: 1 },
        ],
      },
    );
    expect(merged.gaps.map((each) => [each.from, each.repaired])).toEqual([
      [1, false],
      [5, true],
    ]);
    expect(merged.switches).toHaveLength(1);
  });
});

describe('ChartFeed', () => {
  const requests: string[] = [];
  let candles: unknown[] = [];
  const said: (string | null)[] = [];
  const events: FeedEvents = {
    rebuilt: () => {},
    changed: () => {},
    said: (text) => said.push(text),
    live: () => {},
    busy: () => {},
  };

  beforeEach(() => {
    requests.length = said.length = 0;
    vi.stubGlobal('document', { hidden: false });
    vi.stubGlobal('fetch', (path: string) => {
      requests.push(path);
      if (path.startsWith('api/candles')) {
        const next = candles.shift();
        if (next === undefined) return Promise.reject(new TypeError('refused'));
        return Promise.resolve(new Response(JSON.stringify(next)));
      }
      return Promise.resolve(new Response(JSON.stringify(NO_MARKS)));
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  const settle = () => new Promise((done) => setTimeout(done, 5));

  it('tells nobody anything once it has stopped', async () => {
    candles = [answer([100, 101], false)];
    const told: string[] = [];
    const feed = new ChartFeed(
      { root: 'ES', resolution: '1m', contract: 'front' },
      {
        rebuilt: () => told.push('rebuilt'),
        changed: () => told.push('changed'),
        said: () => told.push('said'),
        live: () => told.push('live'),
        busy: () => told.push('busy'),
      },
    );
    feed.start();
    told.length = 0;
    feed.stop();
    await settle();
    expect(requests.length).toBeGreaterThan(0);
    expect(told).toEqual([]);
  });

  it('loads older rows until there are none, one request at a time', async () => {
    candles = [answer([100, 101], true), answer([98, 99], false)];
    const feed = new ChartFeed({ root: 'ES', resolution: '1m', contract: 'front' }, events);
    feed.start();
    await settle();
    await Promise.all([feed.loadEarlier(), feed.loadEarlier()]);
    await feed.loadEarlier();
    feed.stop();
    expect(feed.rows.all.map((row) => row.time)).toEqual([98, 99, 100, 101]);
    const asked = requests.filter((path) => path.startsWith('api/candles'));
    expect(asked).toHaveLength(2);
    expect(asked[1]).toContain('before=100');
  });

  it('says what is wrong, and keeps what it has', async () => {
    candles = [answer([100, 101], true)];
    const feed = new ChartFeed({ root: 'ES', resolution: '1m', contract: '1' }, events);
    feed.start();
    await settle();
    await feed.loadEarlier();
    feed.stop();
    expect(said.at(-1)).toContain('does not answer');
    expect(feed.rows.all).toHaveLength(2);
    expect(requests[0]).toContain('rank=1');
  });
});
