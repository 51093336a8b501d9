// The chart's rows as a table, newest first: for reading, and for who cannot see a chart.
import type { Root } from '../api/types';
import * as format from '../format';
import { Grid } from '../widgets/grid';
import { fullTime, type Zone } from '../zone';
import type { Row } from './rows';

const COLUMNS = [
  { name: 'Time' },
  { name: 'Contract' },
  ...['Open', 'High', 'Low', 'Close', 'Volume', 'Delta', 'CVD'].map((name) => ({
    name,
    numeric: true,
  })),
];

export function RowTable({ rows, root, zone }: { rows: readonly Row[]; root: Root; zone: Zone }) {
  const price = (value: number) => format.price(value, root.price_format);
  const cell = (index: number, column: number): string => {
    const row = rows[rows.length - 1 - index];
    if (!row) return '';
    switch (column) {
      case 0:
        return fullTime(row.time, zone);
      case 1:
        return row.symbol;
      case 2:
        return price(row.open);
      case 3:
        return price(row.high);
      case 4:
        return price(row.low);
      case 5:
        return price(row.close);
      case 6:
        return format.integer(row.volume);
      case 7:
        return format.signed(row.vd);
      default:
        return format.integer(row.cvd);
    }
  };
  return <Grid label={`Rows of ${root.root}`} columns={COLUMNS} count={rows.length} cell={cell} />;
}
