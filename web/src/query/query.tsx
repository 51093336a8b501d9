// SQL over every table.
import { useEffect, useRef, useState } from 'preact/hooks';
import { isAbort, post, problemText } from '../api/client';
import type { QueryAnswer, QueryLimits, SchemaTable } from '../api/types';
import { useApi } from '../api/use_api';
import * as format from '../format';
import { route, setValues } from '../route';
import { useStore } from '../store';
import { Problem } from '../widgets/notice';
import { Editor } from './editor';
import { Results } from './results';
import { SavedList } from './saved_list';
import { TableList } from './table_list';

const FIRST_SQL =
  'SELECT ticker, count(*) AS rows, min(time) AS first, max(time) AS last\n' +
  'FROM candles_1m\nGROUP BY ticker\nORDER BY ticker';

export function Query() {
  const { values } = useStore(route);
  const [sql, setSql] = useState(values['sql'] ?? FIRST_SQL);
  const schema = useApi<{ tables: SchemaTable[] }>('api/schema');
  const limits = useApi<QueryLimits>('api/query/limits');
  const query = useQuery();
  const tables = schema.data?.tables ?? [];
  const run = (text = sql) => {
    setValues({ sql: text });
    void query.run(text);
  };
  return (
    <div class="query">
      <div class="query-side">
        <SavedList
          sql={sql}
          open={(saved) => {
            setSql(saved);
            run(saved);
          }}
        />
        <TableList
          tables={tables}
          error={schema.error}
          insert={(text) => setSql((old) => old + text)}
        />
      </div>
      <div class="query-main">
        <Editor sql={sql} tables={tables} change={setSql} run={() => run()} />
        <div class="toolbar">
          {query.running ? (
            <button type="button" class="primary" onClick={query.stop}>
              Stop
            </button>
          ) : (
            <button type="button" class="primary" onClick={() => run()}>
              Run
            </button>
          )}
          <span class="soft hint">Ctrl+Enter runs, Ctrl+Space completes</span>
          <span class="spring" />
          {limits.data && <Limits limits={limits.data} />}
        </div>
        {query.problem && <Problem text={query.problem} />}
        {query.answer && (
          <Results
            key={query.count}
            answer={query.answer}
            downloading={query.downloading}
            download={(kind) => void query.download(kind)}
          />
        )}
      </div>
    </div>
  );
}

function Limits({ limits }: { limits: QueryLimits }) {
  return (
    <span class="soft">
      at most {format.integer(limits.rows_max)} rows, {format.span(limits.timeout_s)},{' '}
      {format.integer(limits.memory_mib)} MiB
    </span>
  );
}

interface State {
  answer: QueryAnswer | null;
  problem: string | null;
  running: boolean;
  downloading: boolean;
  asked: string; // what `answer` answers
  count: number;
}

function useQuery() {
  const [state, setState] = useState<State>({
    answer: null,
    problem: null,
    running: false,
    downloading: false,
    asked: '',
    count: 0,
  });
  const abort = useRef<AbortController | null>(null);
  const change = (part: Partial<State>) => setState((old) => ({ ...old, ...part }));
  // Leaving the view interrupts the query: the server stops when nobody waits.
  useEffect(() => () => abort.current?.abort(), []);

  const run = async (sql: string) => {
    abort.current?.abort();
    abort.current = new AbortController();
    change({ running: true, problem: null });
    try {
      const response = await post('api/query', { sql, format: 'json' }, abort.current.signal);
      const answer = (await response.json()) as QueryAnswer;
      setState((old) => ({ ...old, answer, asked: sql, running: false, count: old.count + 1 }));
    } catch (error) {
      change({ running: false, ...(isAbort(error) ? {} : { problem: problemText(error) }) });
    }
  };

  const download = async (kind: 'csv' | 'parquet') => {
    change({ downloading: true, problem: null });
    try {
      const response = await post('api/query', { sql: state.asked, format: kind });
      saveAs(await response.blob(), `query.${kind}`);
    } catch (error) {
      change({ problem: problemText(error) });
    }
    change({ downloading: false });
  };

  return { ...state, run, download, stop: () => abort.current?.abort() };
}

function saveAs(content: Blob, name: string): void {
  const anchor = document.createElement('a');
  anchor.href = URL.createObjectURL(content);
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000);
}
