// Completion of SQL: tables after FROM and JOIN, else columns of the tables that the statement names, functions,
// keywords.
import type { SchemaTable } from '../api/types';

export interface Suggestion {
  text: string;
  kind: 'table' | 'column' | 'function' | 'keyword';
  note: string;
}

const KEYWORDS = (
  'SELECT FROM WHERE GROUP BY ORDER LIMIT OFFSET HAVING JOIN LEFT INNER ASOF USING ON AS AND OR NOT IN IS NULL ' +
  'BETWEEN LIKE CASE WHEN THEN ELSE END WITH UNION ALL DISTINCT DESC ASC OVER PARTITION WINDOW QUALIFY ' +
  'INTERVAL DATE TIMESTAMP EXISTS FILTER'
).split(' ');

const FUNCTIONS = (
  'avg count min max sum median quantile_cont stddev first last arg_min arg_max any_value date_trunc time_bucket ' +
  'epoch extract strftime round floor abs coalesce lag lead row_number rank list unnest cast'
).split(' ');

const SUGGESTIONS_MAX = 12;

export interface Word {
  text: string; // as far as it is written
  start: number;
}

// The word that ends at the cursor; dots belong to it ("ops.feed").
export function wordAt(sql: string, cursor: number): Word {
  const text = /[A-Za-z_][A-Za-z0-9_.]*$/.exec(sql.slice(0, cursor))?.[0] ?? '';
  return { text, start: cursor - text.length };
}

// Within a string or a comment nothing is completed.
export function isCode(sql: string, cursor: number): boolean {
  const before = sql
    .slice(0, cursor)
    .replace(/'(?:[^']|'')*'/g, '')
    .replace(/--[^\n]*\n/g, '')
    .replace(/\/\*[\s\S]*?\*\//g, '');
  return !/'|--|\/\*/.test(before);
}

function named(sql: string, tables: readonly SchemaTable[]): SchemaTable[] {
  const words = new Set(sql.toLowerCase().match(/[a-z_][a-z0-9_]*/g) ?? []);
  return tables.filter((table) => words.has(table.name.toLowerCase()));
}

function tableSuggestions(tables: readonly SchemaTable[]): Suggestion[] {
  return tables.map((table) => ({ text: table.name, kind: 'table', note: table.comment }));
}

function columnSuggestions(tables: readonly SchemaTable[]): Suggestion[] {
  const seen = new Map<string, Suggestion>();
  for (const table of tables)
    for (const column of table.columns)
      if (!seen.has(column.name)) {
        const unit = column.unit ? `, ${column.unit}` : '';
        seen.set(column.name, {
          text: column.name,
          kind: 'column',
          note: `${column.type}${unit}: ${column.comment}`,
        });
      }
  return [...seen.values()];
}

export function suggest(
  sql: string,
  cursor: number,
  tables: readonly SchemaTable[],
): { word: Word; suggestions: Suggestion[] } {
  const word = wordAt(sql, cursor);
  if (!isCode(sql, cursor)) return { word, suggestions: [] };
  const wantsTable = /\b(from|join)\s+$/i.test(sql.slice(0, word.start));
  if (word.text === '' && !wantsTable) return { word, suggestions: [] };
  const used = named(sql, tables);
  const pool: Suggestion[] = wantsTable
    ? tableSuggestions(tables)
    : [
        ...columnSuggestions(used),
        ...tableSuggestions(tables),
        ...FUNCTIONS.map((text): Suggestion => ({ text, kind: 'function', note: 'function' })),
        ...KEYWORDS.map((text): Suggestion => ({ text, kind: 'keyword', note: 'keyword' })),
        // Where no table is named yet, a column's name still says which tables have it.
        ...(used.length === 0 ? columnSuggestions(tables) : []),
      ];
  return { word, suggestions: best(pool, word.text.split('.').at(-1) ?? '') };
}

// Beginnings before middles; what is written in full already is no suggestion.
function best(pool: Suggestion[], part: string): Suggestion[] {
  const wanted = part.toLowerCase();
  const place = (each: Suggestion) => each.text.toLowerCase().indexOf(wanted);
  const fitting = pool.filter((each) => place(each) >= 0 && each.text.toLowerCase() !== wanted);
  const starts = fitting.filter((each) => place(each) === 0);
  const holds = wanted.length < 2 ? [] : fitting.filter((each) => place(each) > 0);
  return [...starts, ...holds].slice(0, SUGGESTIONS_MAX);
}

export function accept(sql: string, cursor: number, word: Word, text: string) {
  const dot = word.text.lastIndexOf('.') + 1;
  const start = word.start + dot;
  return { sql: sql.slice(0, start) + text + sql.slice(cursor), cursor: start + text.length };
}
