// What the mock says of everything but candles.
import type { IncomingMessage } from 'node:http';
import { iso, now, type MockRow } from './market_data';
import { coverage, health } from './state_answers';

export const MORE_COLUMNS = [
  'ask_volume',
  'bid_volume',
  'unknown_volume',
  'cvd_open',
  'cvd_high',
  'cvd_low',
  'vd_ratio',
  'book_imbalance',
  'price_change_bps',
  'divergence',
  'vwap',
  'trades',
  'max_trade_size',
  'big_trades',
  'big_volume',
  'sum_bid_depth',
  'sum_ask_depth',
  'sum_price_volume',
  'seconds_traded',
  'seconds_covered',
];

export function cell(row: MockRow, column: string): unknown {
  if (column in row) return row[column as keyof MockRow];
  if (column === 'vwap') return (row.open + row.close + row.high) / 3;
  if (column === 'vd_ratio') return row.vd / row.volume;
  if (column === 'book_imbalance') return 0.0421;
  if (column === 'price_change_bps') return ((row.close - row.open) / row.open) * 1e4;
  return column === 'divergence' ? 0 : Math.round(row.volume * 0.48);
}

const TABLES = [
  'candles_1m',
  'candles_1s',
  'candle_sessions',
  'feed_gaps',
  'databento_futures_ohlcv_1m',
];
const schema = {
  tables: TABLES.map((name) => ({
    dataset: name === 'feed_gaps' ? 'ops' : 'market_data',
    name,
    comment: `rows of ${name}`,
    key: ['ticker', 'time'],
    columns: [
      'time',
      'ticker',
      'symbol',
      'open',
      'high',
      'low',
      'close',
      'volume',
      'vd',
      'cvd_close',
      ...MORE_COLUMNS,
    ].map((column) => ({
      name: column,
      type: 'double',
      unit: 'price',
      comment: `${column} of the window`,
    })),
  })),
};

const limits = { rows_max: 10_000, timeout_s: 30, memory_mib: 512 };

async function query(request: IncomingMessage) {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  if (!/^\s*(select|with)/i.test((JSON.parse(body) as { sql: string }).sql))
    return {
      columns: [{ name: 'error', type: 'VARCHAR' }],
      rows: [['only SELECT']],
      truncated: false,
      elapsed_ms: 1,
      limits,
    };
  const rows = Array.from({ length: 10_000 }, (_, i) => [
    iso(now() - (10_000 - i) * 60),
    'ESU5',
    6250 + Math.sin(i / 300) * 40,
    Math.round(900 + 600 * Math.sin(i / 37)),
  ]);
  return {
    columns: [
      { name: 'time', type: 'TIMESTAMP WITH TIME ZONE' },
      { name: 'symbol', type: 'VARCHAR' },
      { name: 'close', type: 'DOUBLE' },
      { name: 'volume', type: 'BIGINT' },
    ],
    rows,
    truncated: true,
    elapsed_ms: 83,
    limits,
  };
}

function jobs() {
  const run = (id: number, job: string, state: string, error: string | null = null) => ({
    run_id: id,
    job,
    started: iso(now() - id * 4000),
    ended: iso(now() - id * 4000 + 37),
    state,
    rows: 48_211,
    bytes: 3_100_000,
    error,
    exit_code: error ? 4 : 0,
  });
  const runs = [
    run(1, 'mirror', 'ok'),
    run(2, 'rollup', 'ok'),
    run(3, 'mirror', 'failed', 'storage: 503 backendError after 5 tries'),
    run(4, 'backup', 'ok'),
  ];
  return {
    schedule: [
      {
        name: 'rollup',
        command: 'rollup --days 3',
        cron: '30 16 * * mon-fri',
        timezone: 'America/Chicago',
        next: iso(now() + 16_000),
        last: runs[1],
        running: false,
      },
      {
        name: 'mirror',
        command: 'mirror',
        cron: '*/15 * * * *',
        timezone: 'UTC',
        next: iso(now() + 300),
        last: runs[0],
        running: true,
      },
    ],
    runs,
    next: null,
  };
}

const ANSWERS: Record<string, (query: URLSearchParams) => unknown> = {
  '/api/health': health,
  '/api/coverage': coverage,
  '/api/schema': () => schema,
  '/api/query/limits': () => limits,
  '/api/jobs': jobs,
  '/api/jobs/1/log': () => '12:00:01 mirror: 3 parts to load\n12:00:38 mirror: done\n',
  '/api/events': () => ({
    events: [
      {
        id: 7,
        time: iso(now() - 5000),
        kind: 'off_session',
        root: 'ZC',
        table: 'candles_1m',
        severity: 'warning',
        text: '3 trades while the market was closed',
        rows: 3,
        quarantine: 'zc.jsonl',
      },
    ],
    next: null,
  }),
  '/api/events/7/rows': () => ({ lines: ['{"symbol":"ZCU5","price":412.25}'] }),
  '/api/mirror': () => ({
    tables: [
      {
        table: 'candles_1m',
        objects: 1204,
        pending: 3,
        last_success: iso(now() - 60),
        last_error: null,
      },
    ],
  }),
  '/api/costs': () => ({
    month: '2025-07',
    total_usd: 4.12,
    items: [{ what: 'BigQuery storage', usd: 1.9 }],
  }),
  '/api/status': () => ({
    version: '0.1.0',
    uptime_s: 73_211,
    feed: { records_per_s: 1841.2, latency_ms: 0.41 },
  }),
  '/api/config': () => ({
    yaml: 'lake: lake\nlive:\n  symbols: ES.FUT,ZN.FUT\ndatabento:\n  key: •••\n',
  }),
  '/api/version': () => ({ version: '0.1.0', schema: 12 }),
  '/api/live-data': (asked) => ({
    root: asked.get('root'),
    asof: iso(now()),
    state: 'open',
    reason: 'open until 16:00 CT',
    next_open: null,
    last_row: iso(now() - 1),
    staleness_s: 1,
    expected: 'fresh',
    front_month: null,
    provisional: true,
    bars: [],
  }),
};

export async function answer(request: IncomingMessage, path: string, asked: URLSearchParams) {
  if (path === '/api/query') return query(request);
  return ANSWERS[path]?.(asked) ?? null;
}
