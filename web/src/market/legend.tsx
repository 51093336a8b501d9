// The row under the cross-hair (or the newest) in one line.
import type { Root } from '../api/types';
import * as format from '../format';
import { fullTime, type Zone } from '../zone';
import type { Row } from './rows';

export interface LegendProps {
  row: Row | null;
  cvd: number | null;
  root: Root;
  zone: Zone;
  loading: boolean;
}

export function Legend({ row, cvd, root, zone, loading }: LegendProps) {
  if (!row) return <p class="legend">{loading ? 'Loading…' : format.NONE}</p>;
  const price = (value: number) => format.price(value, root.price_format);
  const way = row.close >= row.open ? 'up' : 'down';
  const sign = (value: number | null) =>
    value === null || value === 0 ? '' : value > 0 ? 'up' : 'down';
  const fields: [string, string, string][] = [
    ['O', price(row.open), way],
    ['H', price(row.high), way],
    ['L', price(row.low), way],
    ['C', price(row.close), way],
    ['V', format.integer(row.volume), ''],
    ['Δ', format.signed(row.vd), sign(row.vd)],
    ['CVD', format.integer(cvd), ''],
  ];
  return (
    <p class="legend" aria-busy={loading}>
      <b>{row.symbol || root.root}</b>
      <time>{fullTime(row.time, zone)}</time>
      {fields.map(([name, text, color]) => (
        <span key={name}>
          <i>{name}</i>
          <span class={`value ${color}`}>{text}</span>
        </span>
      ))}
      {loading && <span class="soft">loading…</span>}
    </p>
  );
}

// For who hears the chart.
export function spoken(row: Row, root: Root, zone: Zone): string {
  const price = (value: number) => format.price(value, root.price_format);
  return (
    `${fullTime(row.time, zone)}, ${row.symbol}: close ${price(row.close)}, high ${price(row.high)}, ` +
    `low ${price(row.low)}, volume ${format.integer(row.volume)}, delta ${format.signed(row.vd)}`
  );
}
