// What a query gave: as a grid or as a chart.
import { useMemo, useState } from 'preact/hooks';
import type { Cell, QueryAnswer } from '../api/types';
import * as format from '../format';
import { Grid } from '../widgets/grid';
import { Segments } from '../widgets/segments';
import { isNumeric } from './plot_data';
import { Plot } from './plot';

export interface ResultsProps {
  answer: QueryAnswer;
  download: (kind: 'csv' | 'parquet') => void;
  downloading: boolean;
}

export function Results({ answer, download, downloading }: ResultsProps) {
  const [form, setForm] = useState<'grid' | 'chart'>('grid');
  const numeric = useMemo(() => answer.columns.map((column) => isNumeric(column.type)), [answer]);
  return (
    <section class="results" aria-label="Result">
      <div class="toolbar">
        <Segments
          label="Result as"
          options={['grid', 'chart'] as const}
          value={form}
          text={(each) => (each === 'grid' ? 'Grid' : 'Chart')}
          choose={setForm}
        />
        <span role="status">
          {format.integer(answer.rows.length)} {answer.rows.length === 1 ? 'row' : 'rows'} in{' '}
          {format.decimal(answer.elapsed_ms, 0)} ms
        </span>
        {answer.truncated && (
          <span class="warn">cut at {format.integer(answer.limits.rows_max)} rows</span>
        )}
        <span class="spring" />
        <button type="button" disabled={downloading} onClick={() => download('csv')}>
          CSV
        </button>
        <button type="button" disabled={downloading} onClick={() => download('parquet')}>
          Parquet
        </button>
      </div>
      {form === 'chart' ? (
        <Plot answer={answer} />
      ) : (
        <Grid
          label="Rows"
          columns={answer.columns.map((column, index) => ({
            name: column.name,
            title: column.type,
            numeric: numeric[index] ?? false,
          }))}
          count={answer.rows.length}
          cell={(row, column) => text(answer.rows[row]?.[column])}
        />
      )}
    </section>
  );
}

// As the query gave it: rounding or grouping would hide digits that were asked for.
function text(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return format.NONE;
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
}
