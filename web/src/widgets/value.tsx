// Any JSON value: an object as names and values, a list of objects as a table.
import * as format from '../format';

type Fields = Record<string, unknown>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// The end of a name that says its unit, which the value says again.
const UNIT = /_(s|seconds)$/;

// Columns of a list of objects, in the order in which they first occur.
export function columnsOf(list: readonly Fields[]): string[] {
  return [...new Set(list.flatMap((each) => Object.keys(each)))];
}

export function scalar(name: string, value: unknown): string {
  if (value === null || value === undefined || value === '') return format.NONE;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'number') return typeof value === 'string' ? value : JSON.stringify(value);
  if (/bytes/.test(name)) return format.bytes(value);
  if (UNIT.test(name)) return format.span(value);
  return Number.isInteger(value) ? format.integer(value) : String(Number(value.toPrecision(8)));
}

export function Value({ value, name = '' }: { value: unknown; name?: string }) {
  if (Array.isArray(value) && value.length > 0 && value.every(isFields))
    return <Table rows={value} name={name} />;
  if (Array.isArray(value))
    return (
      <span>
        {value.length === 0 ? 'none' : value.map((each) => scalar(name, each)).join(', ')}
      </span>
    );
  if (!isFields(value)) return <span>{scalar(name, value)}</span>;
  return (
    <dl class="fields">
      {Object.entries(value).map(([key, field]) => (
        <div key={key} class={typeof field === 'object' && field !== null ? 'nested' : ''}>
          <dt>{format.label(key.replace(UNIT, ''))}</dt>
          <dd>
            <Value value={field} name={key} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Table({ rows, name }: { rows: readonly Fields[]; name: string }) {
  const columns = columnsOf(rows);
  const numeric = (column: string) =>
    rows.every((row) => row[column] === null || typeof row[column] === 'number');
  const className = (column: string) => (numeric(column) ? 'number' : '');
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={format.label(name || 'rows')}>
      <table class="list">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col" class={className(column)}>
                {format.label(column.replace(UNIT, ''))}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {columns.map((column) => (
                <td key={column} class={className(column)}>
                  {scalar(column, row[column])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
