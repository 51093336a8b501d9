import { describe, expect, it } from 'vitest';
import type { Theme } from '../theme';
import { Zone } from '../zone';
import { buildAxis } from './axis';
import { seriesPoints, wallTimes } from './points';
import { tickLabel } from './tick_label';

const NO_MARKS = { sessions: [], holidays: [], switches: [], gaps: [] };
const row = (time: number, vd: number | null = 1) => ({
  time,
  open: 1,
  high: 2,
  low: 0.5,
  close: 1.5,
  volume: 3,
  vd,
  cvd: null,
  symbol: 'ESM5',
  tradeDate: 'a',
});

describe('wallTimes', () => {
  it('ascends even where a clock is set back', () => {
    const start = Date.parse('2025-11-02T05:30:00Z') / 1000;
    const rows = Array.from({ length: 180 }, (_, minute) => row(start + minute * 60));
    const times = wallTimes(buildAxis(rows, NO_MARKS, '1m'), new Zone('America/Chicago'));
    for (let i = 1; i < times.length; i++)
      expect(times[i] as number).toBeGreaterThan(times[i - 1] as number);
    expect(times[0]).toBe(start - 5 * 3600);
    expect(times[179]).toBe(start + 179 * 60 - 6 * 3600);
  });
});

describe('seriesPoints', () => {
  it('has a point a row, and an empty one where the axis has an empty slot', () => {
    const marks = {
      ...NO_MARKS,
      gaps: [{ from: 2, to: 4, reason: 'gap', detail: '', repaired: false }],
    };
    const rows = [row(1), row(5, null)];
    const axis = buildAxis(rows, marks, '1s');
    const colors = { up: 'u', down: 'd', 'up-soft': 'us', 'down-soft': 'ds' } as Theme;
    const points = seriesPoints(rows, axis, [7, null], axis.times, colors);
    expect(points.price.map((point) => [point.time, point.close])).toEqual([
      [1, 1.5],
      [2, undefined],
      [3, undefined],
      [5, 1.5],
    ]);
    expect(points.volume).toHaveLength(2);
    expect(points.delta).toEqual([{ time: 1, value: 1, color: 'u' }]);
    expect(points.cvd).toEqual([{ time: 1, value: 7 }]);
  });
});

describe('tickLabel', () => {
  it('is as coarse as the mark', () => {
    const wall = Date.parse('2025-06-16T13:05:09Z') / 1000;
    expect([0, 1, 2, 3, 4].map((type) => tickLabel(wall, type))).toEqual([
      '2025',
      'Jun',
      '16 Jun',
      '13:05',
      '13:05:09',
    ]);
  });
});
