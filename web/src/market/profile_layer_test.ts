import { describe, expect, it } from 'vitest';
import { profileBars } from './profile_layer';

describe('profileBars', () => {
  const profile = {
    tick: 0.25,
    prices: [100, 100.25, 100.5, 100.75, 101],
    volume: [1, 2, 3, 4, 5],
    poc: 101,
    value_area: [100.5, 101] as [number, number],
  };
  it('has a bar a tick where there is room', () => {
    const bars = profileBars(profile, 0);
    expect(bars.map((bar) => bar.volume)).toEqual([1, 2, 3, 4, 5]);
    expect(bars.map((bar) => bar.inArea)).toEqual([false, false, true, true, true]);
    expect(bars[0]).toMatchObject({ low: 99.875, high: 100.125 });
  });
  it('joins ticks and loses no volume', () => {
    const bars = profileBars(profile, 0.6);
    expect(bars.reduce((sum, bar) => sum + bar.volume, 0)).toBe(15);
    expect(bars.length).toBeLessThan(5);
    for (const bar of bars) expect(bar.high - bar.low).toBeCloseTo(0.75);
  });
});
