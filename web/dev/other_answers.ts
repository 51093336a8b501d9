// What the mock says of everything but candles.
import type { IncomingMessage } from 'node:http';
import { GAPS, now, ROOTS, sessions, type MockRow } from './market_data';

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

const iso = (second: number) => new Date(second * 1000).toISOString().slice(0, 19) + 'Z';

function health() {
  const lines = ROOTS.flatMap((root, index) =>
    ['candles_1m', 'futures_ohlcv_1m_live', 'databento_futures_ohlcv_1d'].map((table, at) => {
      const late = index === 1 && at === 1;
      const age = at === 2 ? 68_000 : late ? 1543 : 2 + index;
      return {
        root: root.root,
        table,
        last_row: iso(now() - age),
        age_s: age,
        expected: late ? 'late' : at === 2 ? 'closed' : 'fresh',
        expected_by: null,
        reason: late
          ? 'expected within 10 min of the last minute; open until 16:00 CT'
          : at === 2
            ? 'the next daily bar is due at 16:30 CT'
            : 'open until 16:00 CT',
        contract: root.contracts[1],
        rows_today: at === 2 ? 0 : 61_204 - 977 * index,
        rejected_today: index === 2 ? 3 : 0,
        gaps_today: index === 0 && at === 0 ? 1 : 0,
        state: late ? 'red' : at === 2 ? 'grey' : 'green',
      };
    }),
  );
  const part = (
    name: string,
    kind: string,
    state: string,
    lag_s: number | null,
    restarts = 0,
    last_error: string | null = null,
  ) => ({
    name,
    kind,
    state,
    lag_s,
    restarts,
    last_error,
    last_error_at: last_error ? iso(now() - 900) : null,
    detail: {},
  });
  return {
    asof: iso(now()),
    ok: false,
    lines,
    parts: [
      part('feed GLBX.MDP3', 'feed', 'running', 0.3, 2, 'the gateway closed the connection'),
      part('lake', 'sink', 'running', 41.2),
      part(
        'postgres',
        'sink',
        'waiting',
        312,
        5,
        'connection to server at 10.0.0.7, port 5432 failed: timeout',
      ),
      part('poll', 'job', 'running', null),
      part('server', 'server', 'running', null),
    ],
    alarms: [
      {
        id: 1,
        rule: 'late',
        severity: 'warning',
        subject: 'ZN futures_ohlcv_1m_live',
        text: 'The last row is 25 min old; the calendar allows 10 min.',
        raised_at: iso(now() - 900),
        reminded: 0,
        delivery: 'delivered',
      },
    ],
    disk: { path: '/var/lib/frontmonth', free_bytes: 412e9, total_bytes: 960e9 },
    clock_skew_ms: 1.2,
  };
}

function coverage(query: URLSearchParams) {
  const level = query.get('level') ?? 'years';
  const cell = (key: string, share: number, closed = false) => ({
    key,
    from: key.length === 10 ? key : `${key}-01`.slice(0, 10),
    to: key,
    share: closed ? null : share,
    counts: closed
      ? { closed: 1440 }
      : {
          traded: 1180 * share,
          no_trade: 200,
          closed: 60,
          ...(share < 1 ? { gap: 1380 * (1 - share), repaired: 12 } : {}),
        },
    reason: closed
      ? 'closed: weekend'
      : share < 1
        ? 'feed gap 10:20–10:26 CT: the connection broke off'
        : '',
  });
  if (level === 'years')
    return {
      level,
      cells: ['2021', '2022', '2023', '2024', '2025'].map((year, i) =>
        cell(year, [0.93, 0.991, 1, 0.9985, 0.9997][i] ?? 1),
      ),
    };
  if (level === 'months')
    return {
      level,
      cells: Array.from({ length: 7 }, (_, i) =>
        cell(`${query.get('year')}-0${i + 1}`, i === 3 ? 0.97 : i === 6 ? 0.999 : 1),
      ),
    };
  if (level === 'days')
    return {
      level,
      cells: Array.from({ length: 30 }, (_, i) => {
        const key = `${query.get('month')}-${String(i + 1).padStart(2, '0')}`;
        const weekday = new Date(key).getUTCDay();
        return cell(key, i === 6 ? 0.995 : i === 15 ? 0.8 : 1, weekday === 0 || weekday === 6);
      }),
    };
  const day = Date.parse(query.get('day') ?? '2025-07-07') / 1000;
  const session =
    sessions(day, day).find((each) => each.trade_date === query.get('day')) ??
    sessions(day, day)[0]!;
  const runs: object[] = [];
  let from = session.open;
  for (const gap of GAPS.filter((each) => each.from > session.open && each.to < session.close)) {
    runs.push({ from, to: gap.from, state: 'traded', reason: '' });
    runs.push({
      from: gap.from,
      to: gap.to,
      state: gap.repaired ? 'repaired' : 'gap',
      reason: gap.detail,
    });
    from = gap.to;
  }
  runs.push(
    { from, to: from + 7200, state: 'traded', reason: '' },
    { from: from + 7200, to: from + 7320, state: 'no_trade', reason: 'no trade in these minutes' },
    { from: from + 7320, to: session.close, state: 'traded', reason: '' },
    {
      from: session.close,
      to: session.close + 3600,
      state: 'closed',
      reason: 'closed until 17:00 CT',
    },
  );
  return { level, runs };
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
