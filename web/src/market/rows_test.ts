import { describe, expect, it } from 'vitest';
import { lowerBound, Rows, rowsOf, rowsOfEvent, type Row } from './rows';

function row(time: number, close = 1): Row {
  const prices = { open: close, high: close, low: close, close };
  return { time, ...prices, volume: 1, vd: 0, cvd: 0, symbol: 'ESM5', tradeDate: '2025-06-16' };
}
const times = (rows: Rows) => rows.all.map((each) => each.time);

describe('Rows', () => {
  it('takes older rows once, however the pages overlap', () => {
    const rows = new Rows();
    rows.replace([row(10), row(11)]);
    expect(rows.prepend([row(8), row(9), row(10)])).toBe(2);
    expect(rows.prepend([row(8), row(9)])).toBe(0);
    expect(times(rows)).toEqual([8, 9, 10, 11]);
  });

  it('appends, corrects and inserts, and says from where on to draw', () => {
    const rows = new Rows();
    rows.replace([row(10), row(11), row(13)]);
    expect(rows.apply([row(14)])).toBe(3);
    expect(rows.apply([row(11, 5), row(15)])).toBe(1);
    expect(rows.apply([row(12)])).toBe(2);
    expect(times(rows)).toEqual([10, 11, 12, 13, 14, 15]);
    expect(rows.all[1]?.close).toBe(5);
  });

  it('says that nothing changed when the same comes again', () => {
    const rows = new Rows();
    rows.replace([row(10)]);
    expect(rows.apply([row(10)])).toBe(-1);
  });

  it('ends with the same rows, whatever the order of events', () => {
    const events = [row(3), row(1), row(2, 7), row(2, 9), row(5), row(4)];
    const rows = new Rows();
    for (const event of events) rows.apply([event]);
    expect(times(rows)).toEqual([1, 2, 3, 4, 5]);
    expect(rows.all[1]?.close).toBe(9);
  });

  it('gives a streamed row the trade date of its neighbour', () => {
    const rows = new Rows();
    rows.replace([row(10)]);
    rows.apply([{ ...row(11), tradeDate: '' }]);
    expect(rows.last?.tradeDate).toBe('2025-06-16');
  });
});

describe('decoding', () => {
  it('leaves out rows without prices', () => {
    const columns = new Map(
      Object.entries({
        time: [1, 2],
        open: [5, null],
        high: [6, null],
        low: [4, null],
        close: [5, null],
        volume: [3, 0],
      }),
    );
    expect(rowsOf(columns)).toHaveLength(1);
    expect(rowsOf(columns)[0]).toMatchObject({ time: 1, high: 6, volume: 3, vd: null, symbol: '' });
  });
  it('reads event rows by their columns', () => {
    const names = ['time', 'symbol', 'open', 'high', 'low', 'close', 'cvd_close'];
    const [first] = rowsOfEvent(names, [[7, 'ESM5', 1, 2, 0.5, 1.5, -40]]);
    expect(first).toMatchObject({ time: 7, symbol: 'ESM5', low: 0.5, cvd: -40, volume: null });
  });
});

describe('lowerBound', () => {
  it('finds the first that is not below', () => {
    expect([0, 1, 2, 3, 9].map((time) => lowerBound([1, 2, 2, 5], time))).toEqual([0, 0, 1, 3, 4]);
  });
});
