import { describe, expect, it } from 'vitest';
import { Tail } from './tail';

// A series as the library keeps it: points are appended or the last one replaced, never an earlier one.
class InOrder {
  points: { time: number; value: number }[] = [];
  setData(points: never[]) {
    this.points = [...points];
  }
  update(point: never) {
    const { time } = point as { time: number };
    const last = this.points[this.points.length - 1];
    if (last && time < last.time) throw new Error('out of order');
    if (last?.time === time) this.points.pop();
    this.points.push(point);
  }
  pop(count: number) {
    return this.points.splice(this.points.length - count, count);
  }
}

const points = (...pairs: [number, number][]) => pairs.map(([time, value]) => ({ time, value }));

describe('Tail', () => {
  it('appends, replaces the last, and corrects what lies before it', () => {
    const series = new InOrder();
    const tail = new Tail(series);
    tail.set(points([1, 10], [2, 20], [3, 30]));
    tail.put(points([4, 40]));
    tail.put(points([4, 41], [5, 50]));
    expect(series.points).toEqual(points([1, 10], [2, 20], [3, 30], [4, 41], [5, 50]));
    tail.put(points([2, 21], [3, 31], [4, 42], [5, 51], [6, 60]));
    expect(series.points).toEqual(points([1, 10], [2, 21], [3, 31], [4, 42], [5, 51], [6, 60]));
    tail.put([]);
    expect(series.points).toHaveLength(6);
  });
});
