import { describe, expect, it } from 'vitest';
import { cvdValues } from './cvd';
import type { Row } from './rows';

const row = (tradeDate: string, cvd: number | null, vd: number | null): Row => ({
  time: 0,
  open: 1,
  high: 1,
  low: 1,
  close: 1,
  volume: 1,
  vd,
  cvd,
  symbol: 'ESM5',
  tradeDate,
});

describe('cvdValues', () => {
  const rows = [
    row('a', 105, 5),
    row('a', 103, -2),
    row('b', 110, 7),
    row('b', null, null),
    row('b', 90, -20),
  ];
  it('runs on', () => expect(cvdValues(rows, 'continuous')).toEqual([105, 103, 110, null, 90]));
  it('begins at 0 with each trade date', () =>
    expect(cvdValues(rows, 'reset')).toEqual([5, 3, 7, null, -13]));
});
