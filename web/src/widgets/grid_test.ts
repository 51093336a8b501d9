import { describe, expect, it } from 'vitest';
import { ROW_HEIGHT, visibleRows } from './grid';

describe('visibleRows', () => {
  it('holds what can be seen, and never what is not there', () => {
    const height = 480;
    for (const count of [0, 1, 30, 10_000])
      for (const top of [0, 1, 5_000, 239_520, 1e9]) {
        const [first, last] = visibleRows(top, height, count);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(first).toBeLessThanOrEqual(last);
        expect(last).toBeLessThanOrEqual(count);
        expect(last - first).toBeLessThan(60);
        const atTop = Math.floor(top / ROW_HEIGHT);
        if (atTop < count) expect(first <= atTop && atTop < last).toBe(true);
      }
  });
});
