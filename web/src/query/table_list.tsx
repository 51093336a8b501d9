import type { SchemaTable } from '../api/types';

export interface TableListProps {
  tables: readonly SchemaTable[];
  error: string | null;
  insert: (text: string) => void;
}

// Every table with its columns; a click puts the name into the query.
export function TableList({ tables, error, insert }: TableListProps) {
  return (
    <section aria-label="Tables" class="table-list">
      <h2>Tables</h2>
      {error && <p class="bad">{error}</p>}
      {tables.map((table) => (
        <details key={`${table.dataset}.${table.name}`}>
          <summary title={table.comment}>{table.name}</summary>
          <ul>
            {table.columns.map((column) => (
              <li key={column.name}>
                <button
                  type="button"
                  class="link"
                  title={[column.unit, column.comment].filter((text) => text).join(': ')}
                  onClick={() => insert(column.name)}
                >
                  {column.name}
                </button>
                <span class="soft">{column.type}</span>
              </li>
            ))}
          </ul>
        </details>
      ))}
    </section>
  );
}
