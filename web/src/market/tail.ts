// Changes at the end of a series. With conflation on, the library takes points in their order alone: a row that is
// corrected is taken off with all behind it, and put back.
import type { Point } from './points';

export interface PoppableSeries {
  setData(data: never[]): void;
  update(point: never): void;
  pop(count: number): unknown;
}

export class Tail<Series extends PoppableSeries> {
  private times: number[] = [];

  constructor(readonly series: Series) {}

  set(points: readonly Point[]): void {
    this.times = points.map((point) => point.time);
    this.series.setData(points as never[]);
  }

  // `points`: all from the first that has changed on, in order.
  put(points: readonly Point[]): void {
    const first = points[0]?.time;
    if (first === undefined) return;
    let stale = 0;
    while ((this.times[this.times.length - 1 - stale] ?? -Infinity) > first) stale++;
    if (stale > 0) {
      this.series.pop(stale);
      this.times.length -= stale;
    }
    for (const point of points) {
      this.series.update(point as never);
      if (this.times[this.times.length - 1] !== point.time) this.times.push(point.time);
    }
  }
}
