// A market that is a function of time, for working on the page without a server: any second of any day can be asked
// for, and is the same each time. A week in July 2025 with a holiday, a roll, a gap and a repaired one.

const DAY = 86_400;
const CHICAGO = 5 * 3600; // in July
export const at = (text: string) => Date.parse(text) / 1000;

export const iso = (second: number) => new Date(second * 1000).toISOString().slice(0, 19) + 'Z';

export interface MockRoot {
  root: string;
  name: string;
  base: number;
  tick: number;
  price_format: { kind: string; places?: number; denominator?: number; sub?: number };
  contracts: [string, string];
}

export const ROOTS: MockRoot[] = [
  {
    root: 'ES',
    name: 'E-mini S&P 500',
    base: 6250,
    tick: 0.25,
    price_format: { kind: 'decimal', places: 2 },
    contracts: ['ESM5', 'ESU5'],
  },
  {
    root: 'ZN',
    name: '10-Year T-Note',
    base: 111,
    tick: 1 / 64,
    price_format: { kind: 'fraction', denominator: 32, sub: 2 },
    contracts: ['ZNM5', 'ZNU5'],
  },
  {
    root: 'ZC',
    name: 'Corn',
    base: 412,
    tick: 0.25,
    price_format: { kind: 'fraction', denominator: 8, sub: 1 },
    contracts: ['ZCN5', 'ZCU5'],
  },
];

export const GAPS = [
  ['2025-07-07T15:20:00Z', '2025-07-07T15:26:30Z', false],
  ['2025-07-08T14:02:10Z', '2025-07-08T14:03:40Z', false],
  ['2025-07-02T18:00:00Z', '2025-07-02T18:12:00Z', true],
].map(([from, to, repaired]) => ({
  from: at(from as string),
  to: at(to as string),
  reason: 'feed gap',
  detail: 'the connection broke off',
  repaired: repaired as boolean,
}));

export const SWITCH = at('2025-07-07T13:31:00Z');
const HOLIDAY = '2025-07-04';
const started = Date.now() / 1000;
export const now = () => Math.floor(at('2025-07-08T17:00:00Z') + Date.now() / 1000 - started);

export interface MockSession {
  trade_date: string;
  open: number;
  close: number;
  halts: [number, number][];
  early_close: boolean;
}

// Of trade dates around [from, to].
export function sessions(from: number, to: number): MockSession[] {
  const found: MockSession[] = [];
  for (let day = Math.floor(from / DAY) - 1; day <= Math.floor(to / DAY) + 1; day++) {
    const date = new Date(day * DAY * 1000);
    const weekday = date.getUTCDay();
    const trade_date = date.toISOString().slice(0, 10);
    if (weekday === 0 || weekday === 6 || trade_date === HOLIDAY) continue;
    const open = day * DAY - 7 * 3600 + CHICAGO;
    const early_close = trade_date === '2025-07-03';
    const close = day * DAY + (early_close ? 12.25 : 16) * 3600 + CHICAGO;
    found.push({ trade_date, open, close, halts: [], early_close });
  }
  return found;
}

function noise(seed: number): number {
  let x = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 0) / 4294967296;
}

function priceAt(root: MockRoot, second: number): number {
  let wave = 0;
  for (let i = 1; i < 9; i++)
    wave += Math.sin(second / (37 * 2.7 ** i) + i * root.base) * 1.55 ** i;
  const steps = Math.round(wave * 2.2 + (noise(second) - 0.5) * 4);
  return root.base + steps * root.tick;
}

export interface MockRow {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  vd: number;
  cvd_close: number;
  symbol: string;
  trade_date: string;
}

function rowAt(root: MockRoot, time: number, step: number, date: string): MockRow {
  const width = Math.max(step, 60);
  const prices = Array.from({ length: 8 }, (_, i) =>
    priceAt(root, time - (step === 1 ? 59 : 0) + (i * (width - 1)) / 7),
  );
  const volume = Math.round((20 + 400 * noise(time + 7) ** 3) * Math.sqrt(width));
  const drift = Math.sin(time / 5400) * 9000 + Math.sin(time / 900) * 1200;
  return {
    time,
    open: prices[0] as number,
    high: Math.max(...prices),
    low: Math.min(...prices),
    close: prices[7] as number,
    volume,
    vd: Math.round((noise(time + 3) - 0.5) * volume * 0.6),
    cvd_close: Math.round(drift + noise(time) * 90),
    symbol: root.contracts[time < SWITCH ? 0 : 1],
    trade_date: date,
  };
}

// The newest `limit` rows in [from, to), oldest first.
export function rows(root: MockRoot, step: number, from: number, to: number, limit: number) {
  const found: MockRow[] = [];
  const end = Math.min(to, now());
  for (const session of sessions(Math.max(from, end - 400 * DAY), end).reverse()) {
    const first = step === DAY ? session.open : Math.max(from, session.open);
    const last = step === DAY ? session.open + 1 : Math.min(end, session.close);
    if (step === DAY && (session.open < from || session.open >= end)) continue;
    for (
      let t = Math.floor((last - 1) / step) * step;
      t >= first - (step === DAY ? DAY : 0);
      t -= step
    ) {
      const time = step === DAY ? session.open : t;
      const gap = GAPS.some((each) => !each.repaired && time >= each.from && time < each.to);
      if (gap && step < 3600) continue;
      if (step === 1 && noise(time + 11) < 0.12) continue;
      found.push(rowAt(root, time, step, session.trade_date));
      if (found.length >= limit) return found.reverse();
      if (step === DAY) break;
    }
    if (session.open < from) break;
  }
  return found.reverse();
}
