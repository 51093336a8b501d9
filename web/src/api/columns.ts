// Columns of an answer as plain arrays, whatever their coding.
import type { CandleAnswer, Cell, RawColumn } from './types';

export function expand(column: RawColumn): Cell[] {
  if (Array.isArray(column)) return column;
  const cells: Cell[] = [];
  for (const [value, count] of column.runs) for (let i = 0; i < count; i++) cells.push(value);
  return cells;
}

export type Columns = Map<string, Cell[]>;

// Throws when a column has another length than the answer says: the chart would be shifted silently.
export function columnsOf(answer: Pick<CandleAnswer, 'columns' | 'data' | 'rows'>): Columns {
  const columns: Columns = new Map();
  for (const name of answer.columns) {
    const raw = answer.data[name];
    if (raw === undefined) throw new Error(`the answer names column ${name} and does not hold it`);
    const cells = expand(raw);
    if (cells.length !== answer.rows)
      throw new Error(`column ${name} has ${cells.length} rows, the answer ${answer.rows}`);
    columns.set(name, cells);
  }
  return columns;
}
