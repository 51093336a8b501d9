// What the mock says of health and coverage.
import { GAPS, iso, now, ROOTS, sessions } from './market_data';

export function health() {
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

export function coverage(query: URLSearchParams) {
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
