// Rows as the points of the chart's series.
import type { Theme } from '../theme';
import type { Zone } from '../zone';
import type { Axis } from './axis';
import type { Row } from './rows';

export interface Point {
  time: number;
}
interface CandlePoint extends Point {
  open?: number;
  high?: number;
  low?: number;
  close?: number;
}
interface ValuePoint extends Point {
  value?: number;
  color?: string;
}
export interface SeriesPoints {
  price: CandlePoint[];
  volume: ValuePoint[];
  delta: ValuePoint[];
  cvd: ValuePoint[];
}

// What a clock in the zone shows at each slot. The library wants ascending times; where a clock is set back
// (no exchange trades then, but a reader's zone may differ) the hour that comes twice is pressed into seconds.
// `known`: the slots before the first that is asked for.
export function wallTimes(axis: Axis, zone: Zone, known: number[] = []): number[] {
  const times = known;
  let last = times[times.length - 1] ?? -Infinity;
  for (let slot = times.length; slot < axis.times.length; slot++) {
    last = Math.max(zone.wall(axis.times[slot] as number), last + 1);
    times.push(last);
  }
  return times;
}

// Points of the slots from `from` on.
export function seriesPoints(
  rows: readonly Row[],
  axis: Axis,
  cvd: (number | null)[],
  times: number[],
  colors: Theme,
  from = 0,
): SeriesPoints {
  const points: SeriesPoints = { price: [], volume: [], delta: [], cvd: [] };
  for (let slot = from; slot < axis.times.length; slot++) {
    const time = times[slot] as number;
    const row = rows[axis.rows[slot] as number];
    if (!row) {
      // One series with empty points is enough for the axis.
      points.price.push({ time });
      continue;
    }
    points.price.push({ time, open: row.open, high: row.high, low: row.low, close: row.close });
    const rising = row.close >= row.open;
    if (row.volume !== null)
      points.volume.push({
        time,
        value: row.volume,
        color: rising ? colors['up-soft'] : colors['down-soft'],
      });
    if (row.vd !== null)
      points.delta.push({ time, value: row.vd, color: row.vd >= 0 ? colors.up : colors.down });
    const value = cvd[axis.rows[slot] as number];
    if (value !== null && value !== undefined) points.cvd.push({ time, value });
  }
  return points;
}
