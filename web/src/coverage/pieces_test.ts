import { describe, expect, it } from 'vitest';
import { hourPieces } from './pieces';

const run = (from: number, to: number) => ({ from, to, state: 'traded' as const, reason: '' });

describe('hourPieces', () => {
  it('cuts runs at the hours and loses no second', () => {
    const { hours, pieces } = hourPieces([run(1800, 9000), run(9000, 9060)]);
    expect(hours).toEqual([0, 3600, 7200]);
    expect(pieces.map(({ hour, from, to }) => [hour, from, to])).toEqual([
      [0, 1800, 3600],
      [1, 0, 3600],
      [2, 0, 1800],
      [2, 1800, 1860],
    ]);
  });
  it('leaves out hours that nothing touches', () => {
    expect(hourPieces([run(0, 60), run(36000, 36060)]).hours).toEqual([0, 36000]);
    expect(hourPieces([]).pieces).toEqual([]);
  });
});
