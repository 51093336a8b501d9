// Cumulative volume delta: as it is stored, running on over every date, or from 0 at each trade date's start.
import type { Row } from './rows';

export type CvdMode = 'continuous' | 'reset';

// One value a row; null where a row has none. With "reset", the delta before a date's first row is taken from
// its values: cvd - vd is what the CVD was before the row's own trades.
export function cvdValues(rows: readonly Row[], mode: CvdMode): (number | null)[] {
  if (mode === 'continuous') return rows.map((row) => row.cvd);
  let base: number | null = null;
  let date: string | null = null;
  return rows.map((row) => {
    if (row.cvd === null) return null;
    if (date !== row.tradeDate || base === null) {
      date = row.tradeDate;
      base = row.cvd - (row.vd ?? 0);
    }
    return row.cvd - base;
  });
}
