import { describe, expect, it } from 'vitest';
import type { Marks } from '../api/types';
import { buildAxis, extendAxis } from './axis';
import type { Row } from './rows';

const NO_MARKS: Marks = { sessions: [], holidays: [], switches: [], gaps: [] };
const DAY = 86400;

function row(time: number, tradeDate = 'a'): Row {
  const prices = { open: 1, high: 1, low: 1, close: 1 };
  return { time, ...prices, volume: 1, vd: 0, cvd: 0, symbol: 'ESM5', tradeDate };
}
const rows = (...times: number[]) => times.map((time) => row(time));
const gap = (from: number, to: number, repaired = false) => ({
  from,
  to,
  reason: 'feed gap',
  detail: 'connection lost',
  repaired,
});
const session = (trade_date: string, open: number, close: number, early_close = false) => ({
  trade_date,
  open,
  close,
  halts: [],
  early_close,
});

function expectAscending(times: number[]) {
  for (let i = 1; i < times.length; i++)
    expect(times[i] as number).toBeGreaterThan(times[i - 1] as number);
}

describe('buildAxis', () => {
  it('gives rows one slot each, and quiet seconds none', () => {
    const axis = buildAxis(rows(10, 11, 15, 40), NO_MARKS, '1s');
    expect(axis.times).toEqual([10, 11, 15, 40]);
    expect(axis.bands).toEqual([]);
  });

  it('gives a gap as many slots as it is long', () => {
    const axis = buildAxis(rows(10, 30), { ...NO_MARKS, gaps: [gap(12, 20)] }, '1s');
    expect(axis.times).toEqual([10, 12, 13, 14, 15, 16, 17, 18, 19, 30]);
    expect(axis.slotOfRow).toEqual([0, 9]);
    expect(axis.bands).toMatchObject([{ kind: 'gap', from: 1, to: 8, name: 'feed gap' }]);
  });

  it('bounds the slots of a long one', () => {
    const axis = buildAxis(rows(0, 50_000), { ...NO_MARKS, gaps: [gap(100, 40_000)] }, '1s');
    expect(axis.times).toHaveLength(2 + 240);
    expectAscending(axis.times);
  });

  it('marks the bar that a short gap lies in, without an empty slot', () => {
    const axis = buildAxis(rows(0, 60, 120), { ...NO_MARKS, gaps: [gap(70, 90, true)] }, '1m');
    expect(axis.times).toEqual([0, 60, 120]);
    expect(axis.bands).toMatchObject([{ kind: 'repaired', from: 1, to: 1 }]);
  });

  it('shows a gap that has not ended at the right edge', () => {
    const axis = buildAxis(rows(0, 1), { ...NO_MARKS, gaps: [gap(2, 6)] }, '1s');
    expect(axis.times).toEqual([0, 1, 2, 3, 4, 5]);
    expect(axis.bands).toMatchObject([{ kind: 'gap', from: 2, to: 5 }]);
  });

  it('shades the time between sessions, and names holidays', () => {
    const marks = {
      ...NO_MARKS,
      sessions: [
        session('2025-07-02', 0, 100),
        session('2025-07-03', 200, 300),
        session('2025-07-07', 300 + 3 * DAY, 400 + 3 * DAY),
      ],
      holidays: [{ date: '1970-01-02', name: 'Independence Day' }],
    };
    const axis = buildAxis(
      [row(99, 'a'), row(200, 'b'), row(299, 'b'), row(300 + 3 * DAY, 'c')],
      marks,
      '1m',
    );
    expectAscending(axis.times);
    expect(axis.bands.map((band) => [band.kind, band.name])).toEqual([
      ['closed', 'closed'],
      ['holiday', 'Independence Day'],
    ]);
    for (const band of axis.bands)
      for (let slot = band.from; slot <= band.to; slot++) expect(axis.rows[slot]).toBe(-1);
    expect(axis.dates).toHaveLength(2);
  });

  it('gives days one slot per holiday and no weekend', () => {
    const friday = Date.parse('2025-07-03T00:00:00Z') / 1000;
    const marks = {
      ...NO_MARKS,
      sessions: [
        session('2025-07-03', friday - 7200, friday),
        session('2025-07-07', friday, friday),
      ],
      holidays: [{ date: '2025-07-04', name: 'Independence Day' }],
    };
    const axis = buildAxis(rows(friday - 7200, friday + 4 * DAY - 7200), marks, '1d');
    expect(axis.rows).toEqual([0, -1, 1]);
    expect(axis.bands).toMatchObject([{ kind: 'holiday', from: 1, to: 1 }]);
  });

  it('places switches on the row that holds their time', () => {
    const switches = [
      { time: 70, from: 'ESM5', to: 'ESU5' },
      { time: -5, from: 'A', to: 'B' },
      { time: 999, from: 'C', to: 'D' },
    ];
    const axis = buildAxis(rows(0, 60, 120), { ...NO_MARKS, switches }, '1m');
    expect(axis.switches).toEqual([{ slot: 1, from: 'ESM5', to: 'ESU5' }]);
  });

  it('is empty without rows', () => {
    expect(buildAxis([], { ...NO_MARKS, gaps: [gap(0, 9)] }, '1s').times).toEqual([]);
  });
});

describe('extendAxis', () => {
  it('ends as a new axis would', () => {
    const all = [...rows(10, 11, 12), row(20, 'b'), row(21, 'b')];
    const axis = buildAxis(all.slice(0, 2), NO_MARKS, '1s');
    expect(extendAxis(axis, all, NO_MARKS, '1s')).toBe(true);
    expect(axis).toEqual(buildAxis(all, NO_MARKS, '1s'));
  });
  it('gives up where a row came in between', () => {
    const axis = buildAxis(rows(10, 12), NO_MARKS, '1s');
    expect(extendAxis(axis, rows(10, 11, 12), NO_MARKS, '1s')).toBe(false);
  });
  it('gives up where a gap has to be shown', () => {
    const marks = { ...NO_MARKS, gaps: [gap(12, 20)] };
    expect(extendAxis(buildAxis(rows(10), marks, '1s'), rows(10, 30), marks, '1s')).toBe(false);
  });
});
