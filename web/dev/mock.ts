// `npm run dev` without FRONTMONTH_URL: the API over an invented market, so that the page can be worked on alone.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connect, Plugin } from 'vite';
import { GAPS, now, ROOTS, rows, sessions, SWITCH, type MockRow } from './market_data';
import * as other from './other_answers';

const STEPS: Record<string, number> = {
  '1s': 1,
  seconds: 1,
  '1m': 60,
  '5m': 300,
  '15m': 900,
  '1h': 3600,
  '1d': 86400,
};
const COLUMNS = [
  'time',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'vd',
  'cvd_close',
  'symbol',
  'trade_date',
] as const;

const rootOf = (query: URLSearchParams) =>
  ROOTS.find((root) => root.root === query.get('root')) ?? ROOTS[0]!;
const number = (query: URLSearchParams, name: string, otherwise: number) =>
  query.has(name) ? Number(query.get(name)) : otherwise;

function candles(query: URLSearchParams) {
  const step = STEPS[query.get('resolution') ?? '1m'] ?? 60;
  const limit = number(query, 'limit', 5000);
  const from = number(query, 'from', 0);
  const to = Math.min(number(query, 'before', Infinity), number(query, 'to', Infinity));
  const found = rows(rootOf(query), step, from, to, limit);
  const all = query.get('columns') === 'all';
  const columns = [...COLUMNS, ...(all ? other.MORE_COLUMNS : [])];
  const data = Object.fromEntries(
    columns.map((column) => [column, found.map((row) => other.cell(row, column))]),
  );
  const symbols: [string, number][] = found.map((row) => [row.symbol, 1]);
  return {
    root: rootOf(query).root,
    resolution: query.get('resolution'),
    source: step === 1 ? 'candles_1m' : `candle_bars_${query.get('resolution')}`,
    timezone: 'America/Chicago',
    columns,
    types: {},
    rows: found.length,
    data: { ...data, symbol: { runs: symbols } },
    tail_from: null,
    next: null,
    earlier: found.length >= limit,
  };
}

function roots() {
  return {
    roots: ROOTS.map((root) => ({
      ...root,
      exchange: 'CME',
      currency: 'USD',
      point_value: 50,
      timezone: 'America/Chicago',
      front_month: root.contracts[1],
      tables: [
        { table: 'candles_1m', first_date: '2024-07-08', last_date: '2025-07-08', rows: 1e7 },
      ],
      has_rows: true,
    })),
  };
}

function marks(query: URLSearchParams) {
  const [from, to] = [number(query, 'from', 0), number(query, 'to', now())];
  const switches =
    SWITCH >= from && SWITCH < to
      ? [{ time: SWITCH, from: rootOf(query).contracts[0], to: rootOf(query).contracts[1] }]
      : [];
  return {
    sessions: sessions(from, to),
    holidays: [{ date: '2025-07-04', name: 'Independence Day' }],
    switches,
    gaps: GAPS.filter((gap) => gap.to > from && gap.from < to),
  };
}

function profile(query: URLSearchParams) {
  const root = rootOf(query);
  const volumes = new Map<number, number>();
  for (const row of rows(root, 60, number(query, 'from', 0), number(query, 'to', now()), 2000))
    volumes.set(row.close, (volumes.get(row.close) ?? 0) + row.volume);
  const prices = [...volumes.keys()].sort((a, b) => a - b);
  const volume = prices.map((price) => volumes.get(price) ?? 0);
  const poc = prices[volume.indexOf(Math.max(...volume))] ?? null;
  const area = poc === null ? null : [poc - 20 * root.tick, poc + 20 * root.tick];
  return {
    basis: 'seconds',
    tick: root.tick,
    prices,
    volume,
    ask_volume: [],
    bid_volume: [],
    poc,
    value_area: area,
  };
}

function stream(request: IncomingMessage, response: ServerResponse, query: URLSearchParams) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  let count = 0;
  const names = (query.get('roots') ?? '').split(',').filter((name) => name !== '');
  const line = (row: MockRow) => [
    row.time,
    row.symbol,
    row.open,
    row.high,
    row.low,
    row.close,
    row.volume,
    row.vd,
    row.cvd_close,
  ];
  const timer = setInterval(() => {
    for (const name of names) {
      const root = ROOTS.find((each) => each.root === name);
      const newest = root ? rows(root, 1, now() - 2, now() + 1, 2).map(line) : [];
      response.write(
        `id: 1-${++count}\nevent: rows\ndata: ${JSON.stringify({ root: name, rows: newest, final_to: now() - 60 })}\n\n`,
      );
    }
    if (count % 5 < names.length || names.length === 0)
      response.write(
        `event: status\ndata: ${JSON.stringify({ ok: true, feed: 'connected', clock: now(), alarms: 1 })}\n\n`,
      );
  }, 1000);
  request.on('close', () => clearInterval(timer));
}

async function answer(request: IncomingMessage, path: string, query: URLSearchParams) {
  if (path === '/api/roots') return roots();
  if (path === '/api/candles') return candles(query);
  if (path === '/api/marks') return marks(query);
  if (path === '/api/volume-at-price') return profile(query);
  return other.answer(request, path, query);
}

export function mock(): Plugin {
  const serve = (middlewares: Connect.Server) => {
    middlewares.use((request, response, next) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      if (!url.pathname.startsWith('/api/')) return next();
      if (url.pathname === '/api/stream') return stream(request, response, url.searchParams);
      void answer(request, url.pathname, url.searchParams).then((body) => {
        const text = typeof body === 'string';
        response.statusCode = body === null ? 404 : 200;
        response.setHeader('Content-Type', text ? 'text/plain' : 'application/json');
        response.end(text ? body : JSON.stringify(body ?? { title: 'no such route' }));
      });
    });
  };
  return {
    name: 'frontmonth-mock',
    configureServer: (server) => serve(server.middlewares),
    configurePreviewServer: (server) => serve(server.middlewares),
  };
}
