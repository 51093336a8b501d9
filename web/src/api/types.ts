// The shapes of the HTTP API, as docs/api.md has them. Times are whole UTC seconds in columns and
// marks, RFC 3339 text elsewhere; dates are "YYYY-MM-DD".

export type PriceFormat =
  | { kind: 'decimal'; places: number }
  // 110'165: 110 and 16.5 of 32; `sub` is into how many steps one of them is cut.
  | { kind: 'fraction'; denominator: number; sub?: number };

export interface RootTable {
  table: string;
  first_date: string;
  last_date: string;
  rows: number;
}

export interface Root {
  root: string;
  name: string;
  exchange: string | null;
  currency: string | null;
  tick: number | null;
  point_value: number | null;
  price_format: PriceFormat;
  timezone: string;
  front_month: string | null;
  tables: RootTable[];
  contracts: string[];
  has_rows: boolean;
}

// Text columns may be run-length coded.
export interface Runs {
  runs: [string | null, number][];
}
export type Cell = number | string | boolean | null;
export type RawColumn = Cell[] | Runs;

export interface CandleAnswer {
  root: string;
  resolution: string;
  source: string | null;
  timezone: string;
  columns: string[];
  types: Record<string, string>;
  rows: number;
  data: Record<string, RawColumn>;
  tail_from: number | null;
  next: string | null;
  earlier: boolean;
}

export interface SessionMark {
  trade_date: string;
  open: number;
  close: number;
  halts: [number, number][];
  early_close: boolean;
}
export interface HolidayMark {
  date: string;
  name: string;
}
export interface SwitchMark {
  time: number;
  from: string;
  to: string;
}
export interface GapMark {
  from: number;
  to: number;
  reason: string;
  detail: string;
  repaired: boolean;
}
export interface Marks {
  sessions: SessionMark[];
  holidays: HolidayMark[];
  switches: SwitchMark[];
  gaps: GapMark[];
}

export interface VolumeAtPrice {
  basis: string;
  tick: number;
  prices: number[];
  volume: number[];
  ask_volume: number[];
  bid_volume: number[];
  poc: number | null;
  value_area: [number, number] | null;
}

export interface LiveData {
  root: string;
  asof: string;
  state: 'open' | 'closed' | 'holiday' | 'halted' | 'unknown';
  reason: string;
  next_open: string | null;
  last_row: string | null;
  staleness_s: number | null;
  expected: 'fresh' | 'closed' | 'late';
  front_month: string | null;
  provisional: boolean;
}

export type State = 'green' | 'yellow' | 'red' | 'grey';

export interface HealthLine {
  root: string;
  table: string;
  last_row: string | null;
  age_s: number | null;
  expected: 'fresh' | 'closed' | 'late' | 'none';
  expected_by: string | null;
  reason: string;
  contract: string | null;
  rows_today: number | null;
  rejected_today: number | null;
  gaps_today: number | null;
  state: State;
}
export interface Part {
  name: string;
  kind: string;
  state: 'running' | 'starting' | 'waiting' | 'failed' | 'stopped';
  lag_s: number | null;
  restarts: number;
  last_error: string | null;
  last_error_at: string | null;
  detail?: Record<string, unknown>;
}
export interface Alarm {
  id: string | number;
  rule: string;
  severity: 'warning' | 'critical';
  subject: string;
  text: string;
  raised_at: string;
  reminded: number;
  delivery: 'delivered' | 'failing' | 'none';
}
export interface Health {
  asof: string;
  ok: boolean;
  lines: HealthLine[];
  parts: Part[];
  alarms: Alarm[];
  disk: { path: string; free_bytes: number; total_bytes: number } | null;
  clock_skew_ms: number | null;
}

export type CoverageState =
  'traded' | 'no_trade' | 'closed' | 'halted' | 'gap' | 'repaired' | 'unknown';
export interface CoverageCell {
  key: string;
  from: string;
  to: string;
  share: number | null;
  counts: Partial<Record<CoverageState, number>>;
  reason: string;
}
export interface CoverageRun {
  from: number;
  to: number;
  state: CoverageState;
  reason: string;
}
export interface CoverageAnswer {
  level: 'years' | 'months' | 'days' | 'minutes';
  cells?: CoverageCell[];
  runs?: CoverageRun[];
}

export interface QueryAnswer {
  columns: { name: string; type: string }[];
  rows: Cell[][];
  truncated: boolean;
  elapsed_ms: number;
  limits: QueryLimits;
}
export interface QueryLimits {
  rows_max: number;
  timeout_s: number;
  memory_mib: number;
}

export interface SchemaColumn {
  name: string;
  type: string;
  unit: string;
  comment: string;
}
export interface SchemaTable {
  dataset: string;
  name: string;
  comment: string;
  columns: SchemaColumn[];
  key: string[];
}

export interface ScheduledJob {
  name: string;
  command: string;
  cron: string;
  timezone: string;
  next: string | null;
  last: JobRun | null;
  running: boolean;
}
export interface JobRun {
  run_id: string | number;
  job: string;
  started: string;
  ended: string | null;
  state: string;
  rows: number | null;
  error: string | null;
  parameters?: string | null;
}
export interface QualityEvent {
  id?: string | number;
  time: string;
  kind: string;
  root: string | null;
  table: string | null;
  severity: string;
  text: string;
  rows: number | null;
  quarantine: string | null;
}
