// The rows of one chart, oldest first, one per time.
import type { Columns } from '../api/columns';
import type { Cell } from '../api/types';

export interface Row {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number | null;
  vd: number | null;
  cvd: number | null;
  symbol: string;
  tradeDate: string;
}

const number = (cell: Cell | undefined): number | null => (typeof cell === 'number' ? cell : null);

function rowOf(cell: (column: string) => Cell | undefined): Row | null {
  const [time, open, high, low, close] = ['time', 'open', 'high', 'low', 'close'].map((column) =>
    number(cell(column)),
  );
  // A row without a price is a statement about a time, not a candle.
  if (time == null || open == null || high == null || low == null || close == null) return null;
  return {
    time,
    open,
    high,
    low,
    close,
    volume: number(cell('volume')),
    vd: number(cell('vd')),
    cvd: number(cell('cvd_close')),
    symbol: String(cell('symbol') ?? ''),
    tradeDate: String(cell('trade_date') ?? ''),
  };
}

export function rowsOf(columns: Columns): Row[] {
  const count = columns.get('time')?.length ?? 0;
  const rows: Row[] = [];
  for (let i = 0; i < count; i++) {
    const row = rowOf((column) => columns.get(column)?.[i]);
    if (row) rows.push(row);
  }
  return rows;
}

export function rowsOfEvent(names: string[], lines: Cell[][]): Row[] {
  const place = new Map(names.map((name, index) => [name, index]));
  const rows: Row[] = [];
  for (const line of lines) {
    const row = rowOf((column) => line[place.get(column) ?? -1]);
    if (row) rows.push(row);
  }
  return rows;
}

// Index of the first element that is not below `time`.
export function lowerBound(times: ArrayLike<number>, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Rows {
  private rows: Row[] = [];
  private times: number[] = [];

  get all(): readonly Row[] {
    return this.rows;
  }
  get first(): Row | undefined {
    return this.rows[0];
  }
  get last(): Row | undefined {
    return this.rows[this.rows.length - 1];
  }

  replace(rows: Row[]): void {
    this.rows = rows;
    this.times = rows.map((row) => row.time);
  }

  // Takes what lies before the first row; the rest is there already. Returns how many.
  prepend(rows: Row[]): number {
    const first = this.first?.time ?? Infinity;
    const older = rows.filter((row) => row.time < first);
    this.rows = older.concat(this.rows);
    this.times = this.rows.map((row) => row.time);
    return older.length;
  }

  // Inserts or corrects by time. Returns the index of the earliest row that changed, or -1.
  apply(changes: Row[]): number {
    let earliest = -1;
    for (const change of changes) {
      const index = lowerBound(this.times, change.time);
      const before = this.rows[index];
      if (before?.time === change.time) {
        const kept = { ...change, tradeDate: change.tradeDate || before.tradeDate };
        if (same(before, kept)) continue;
        this.rows[index] = kept;
      } else {
        const tradeDate = change.tradeDate || (this.rows[index - 1]?.tradeDate ?? '');
        this.rows.splice(index, 0, { ...change, tradeDate });
        this.times.splice(index, 0, change.time);
      }
      if (earliest < 0 || index < earliest) earliest = index;
    }
    return earliest;
  }
}

function same(a: Row, b: Row): boolean {
  return (
    a.open === b.open &&
    a.high === b.high &&
    a.low === b.low &&
    a.close === b.close &&
    a.volume === b.volume &&
    a.vd === b.vd &&
    a.cvd === b.cvd &&
    a.symbol === b.symbol
  );
}
