// How every number, price, size and span of time is written, and what columns are called.
import type { PriceFormat } from './api/types';

export const NONE = '–';
const MINUS = '−';

const integers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const decimals = Array.from(
  { length: 11 },
  (_, places) =>
    new Intl.NumberFormat('en-US', {
      minimumFractionDigits: places,
      maximumFractionDigits: places,
    }),
);

function withMinus(text: string): string {
  return text.startsWith('-') ? MINUS + text.slice(1) : text;
}

export function integer(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : withMinus(integers.format(value));
}

export function signed(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  return value > 0 ? '+' + integers.format(value) : withMinus(integers.format(value));
}

export function decimal(value: number | null | undefined, places: number): string {
  if (value === null || value === undefined) return NONE;
  return withMinus((decimals[Math.min(places, 10)] as Intl.NumberFormat).format(value));
}

// 1234567 → "1.23 M": for axes and places too narrow for every digit.
export function short(value: number): string {
  const size = Math.abs(value);
  for (const [limit, unit] of [
    [1e9, ' B'],
    [1e6, ' M'],
    [1e4, ' k'],
  ] as const)
    if (size >= limit) {
      const scaled = value / (limit === 1e4 ? 1e3 : limit);
      const places = Math.abs(scaled) >= 100 ? 0 : Math.abs(scaled) >= 10 ? 1 : 2;
      return decimal(scaled, places) + unit;
    }
  return integer(value);
}

// Contracts on an axis: every digit while there is room, so that neighbouring marks never read the same.
export function contracts(value: number): string {
  const whole = Math.round(value);
  return Math.abs(whole) < 1e6 ? integer(whole) : short(whole);
}

export function share(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  // 99.96 % must not read 100 %.
  const percent = value < 1 ? Math.min(Math.floor(value * 1000) / 10, 99.9) : 100;
  return `${decimal(percent, percent === 100 ? 0 : 1)} %`;
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let size = value;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${decimal(size, unit === 0 || size >= 100 ? 0 : 1)} ${units[unit]}`;
}

// Two units at most: "42 s", "3 min 05 s", "2 h 10 min", "5 d 3 h".
export function span(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return NONE;
  if (seconds < 0) return `${MINUS}${span(-seconds)}`;
  if (seconds < 10 && !Number.isInteger(seconds)) return `${decimal(seconds, 1)} s`;
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  if (whole < 86400)
    return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

// Whether a price lies on the grid of `step`, but for the error of a double.
function onGrid(value: number, step: number): boolean {
  const steps = value / step;
  return Math.abs(steps - Math.round(steps)) < 1e-6;
}

function fraction(value: number, denominator: number, sub: number): string {
  const sign = value < 0 ? MINUS : '';
  const steps = Math.round(Math.abs(value) * denominator * sub);
  const whole = Math.floor(steps / (denominator * sub));
  const parts = Math.floor(steps / sub) % denominator;
  const digits = String(denominator - 1).length;
  // The exchange cuts the last digit: an eighth is 1, a quarter 2, a half 5, three quarters 7.
  const last = sub > 1 ? String(Math.floor(((steps % sub) / sub) * 10)) : '';
  return `${sign}${integers.format(whole)}'${String(parts).padStart(digits, '0')}${last}`;
}

// A traded price, in the root's own way. What lies between two ticks (an average) is a decimal.
export function price(value: number | null | undefined, format: PriceFormat): string {
  if (value === null || value === undefined) return NONE;
  if (format.kind === 'decimal') return decimal(value, format.places);
  const sub = format.sub ?? 1;
  if (!onGrid(value, 1 / (format.denominator * sub))) return decimal(value, 6);
  return fraction(value, format.denominator, sub);
}

const LABELS: Record<string, string> = {
  time: 'Time',
  trade_date: 'Trade date',
  ticker: 'Root',
  symbol: 'Contract',
  vd: 'Volume delta',
  vd_ratio: 'Delta ratio',
  vwap: 'VWAP',
  cvd_open: 'CVD open',
  cvd_high: 'CVD high',
  cvd_low: 'CVD low',
  cvd_close: 'CVD',
  price_change_bps: 'Change',
  ask_volume: 'Bought',
  bid_volume: 'Sold',
  unknown_volume: 'Undecided',
  max_trade_size: 'Largest trade',
  sum_bid_depth: 'Σ bid depth',
  sum_ask_depth: 'Σ ask depth',
  sum_price_volume: 'Σ price × size',
};

// "book_imbalance" → "Book imbalance", unless the field has a better word.
export function label(column: string): string {
  const known = LABELS[column];
  if (known) return known;
  const words = column.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const PRICE_COLUMNS = new Set(['open', 'high', 'low', 'close', 'vwap']);
const SIGNED_COLUMNS = new Set(['vd', 'divergence']);
const PLACES: Record<string, number> = { vd_ratio: 3, book_imbalance: 3, price_change_bps: 2 };
const UNITS: Record<string, string> = { price_change_bps: ' bp' };

// One cell of a row of market data.
export function cell(column: string, value: unknown, format: PriceFormat): string {
  if (value === null || value === undefined) return NONE;
  if (typeof value !== 'number') return String(value);
  if (PRICE_COLUMNS.has(column)) return price(value, format);
  if (SIGNED_COLUMNS.has(column)) return signed(value);
  const places = PLACES[column];
  if (places !== undefined) return decimal(value, places) + (UNITS[column] ?? '');
  return Number.isInteger(value) ? integer(value) : decimal(value, 2);
}
