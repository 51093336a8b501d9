// Where rows stand on the time axis. The axis counts rows, not seconds; closed markets and gaps would
// have no width on it. So they get empty slots: as many as they are long, up to a limit.
import type { Marks } from '../api/types';
import { RESOLUTION_SECONDS, type Resolution } from '../route';
import { lowerBound, type Row } from './rows';

export type BandKind = 'closed' | 'holiday' | 'halted' | 'gap' | 'repaired';

export interface Band {
  kind: BandKind;
  from: number; // slots, both included
  to: number;
  name: string;
  detail: string;
}

export interface SwitchLine {
  slot: number;
  from: string;
  to: string;
}

export interface Axis {
  times: number[]; // UTC seconds of each slot, ascending
  rows: number[]; // the slot's row, -1 for an empty slot
  slotOfRow: number[];
  bands: Band[];
  switches: SwitchLine[];
  dates: number[]; // slots at which a trade date begins
}

interface Interval {
  kind: BandKind;
  from: number;
  to: number;
  name: string;
  detail: string;
}

const CLOSED_SLOTS_MAX: Record<Resolution, number> = {
  '1s': 40,
  seconds: 40,
  '1m': 30,
  '5m': 12,
  '15m': 8,
  '1h': 4,
  '1d': 1,
};
const GAP_SLOTS_MAX = 240;

const DAY = 86400;

function slotsMax(interval: Interval, resolution: Resolution): number {
  return interval.kind === 'gap' || interval.kind === 'repaired'
    ? GAP_SLOTS_MAX
    : CLOSED_SLOTS_MAX[resolution];
}

function closedIntervals(marks: Marks, resolution: Resolution): Interval[] {
  if (resolution === '1d') return holidaysOnly(marks);
  const found: Interval[] = [];
  const sessions = [...marks.sessions].sort((a, b) => a.open - b.open);
  for (const [index, session] of sessions.entries()) {
    for (const [from, to] of session.halts)
      found.push({ kind: 'halted', from, to, name: 'halted', detail: 'halt of the session' });
    const next = sessions[index + 1];
    if (!next || next.open <= session.close) continue;
    const holiday = marks.holidays.find(({ date }) => {
      const noon = Date.parse(date) / 1000 + DAY / 2;
      return (noon > session.close && noon < next.open) || date === session.trade_date;
    });
    const named = holiday && (session.early_close || next.open - session.close > 6 * 3600);
    found.push({
      kind: named ? 'holiday' : 'closed',
      from: session.close,
      to: next.open,
      name: named ? holiday.name : 'closed',
      detail: named && session.early_close ? 'early close' : 'market closed',
    });
  }
  return found;
}

function holidaysOnly(marks: Marks): Interval[] {
  const traded = new Set(marks.sessions.map((session) => session.trade_date));
  return marks.holidays
    .filter(({ date }) => !traded.has(date))
    .map(({ date, name }) => {
      const from = Date.parse(date) / 1000;
      return { kind: 'holiday', from, to: from + DAY, name, detail: 'market closed' };
    });
}

function intervalsOf(marks: Marks, resolution: Resolution): Interval[] {
  const gaps = marks.gaps.map((gap): Interval => ({
    kind: gap.repaired ? 'repaired' : 'gap',
    from: gap.from,
    to: gap.to,
    name: gap.repaired ? `${gap.reason}, repaired` : gap.reason,
    detail: gap.detail,
  }));
  return [...closedIntervals(marks, resolution), ...gaps].sort((a, b) => a.from - b.from);
}

// Empty slots for what lies between two rows; nothing where no whole step is missing.
function emptyTimes(
  after: number,
  before: number,
  intervals: Interval[],
  resolution: Resolution,
): number[] {
  const step = RESOLUTION_SECONDS[resolution];
  const times: number[] = [];
  let last = after;
  for (const interval of intervals) {
    const from = Math.max(interval.from, last + 1);
    const to = Math.min(interval.to, before);
    if (to <= from) continue;
    const count = Math.min(
      Math.max(Math.round((to - from) / step), 1),
      slotsMax(interval, resolution),
      to - from,
    );
    for (let i = 0; i < count; i++) times.push(Math.floor(from + ((to - from) * i) / count));
    last = times[times.length - 1] as number;
  }
  return times;
}

function overlapping(intervals: Interval[], from: number, to: number): Interval[] {
  return intervals.filter((interval) => interval.to > from && interval.from < to);
}

export function buildAxis(rows: readonly Row[], marks: Marks, resolution: Resolution): Axis {
  const step = RESOLUTION_SECONDS[resolution];
  const intervals = intervalsOf(marks, resolution);
  const axis: Axis = { times: [], rows: [], slotOfRow: [], bands: [], switches: [], dates: [] };
  const push = (time: number, row: number) => {
    axis.times.push(time);
    axis.rows.push(row);
  };
  for (const [index, row] of rows.entries()) {
    const before = rows[index - 1];
    if (before && row.time - before.time > step)
      for (const time of emptyTimes(
        before.time,
        row.time,
        overlapping(intervals, before.time + 1, row.time),
        resolution,
      ))
        push(time, -1);
    if (before && row.tradeDate !== before.tradeDate) axis.dates.push(axis.times.length);
    axis.slotOfRow.push(axis.times.length);
    push(row.time, index);
  }
  const last = rows[rows.length - 1];
  if (last) {
    // A gap that has not ended, or no row came after it yet.
    const open = intervals.filter(({ kind, to }) => kind === 'gap' && to > last.time + step);
    for (const time of emptyTimes(last.time, Infinity, open, resolution)) push(time, -1);
    placeMarks(axis, intervals, marks, step);
  }
  return axis;
}

function placeMarks(axis: Axis, intervals: Interval[], marks: Marks, step: number): void {
  for (const interval of intervals) {
    const from = lowerBound(axis.times, interval.from - step + 1);
    const to = lowerBound(axis.times, interval.to) - 1;
    if (to < from || from >= axis.times.length || to < 0) continue;
    const covers = interval.kind === 'gap' || interval.kind === 'repaired';
    // Closed time is where no row stands; a gap may lie within a row's time.
    if (!covers && axis.rows.slice(from, to + 1).every((row) => row >= 0)) continue;
    const start = covers ? from : firstEmpty(axis.rows, from);
    axis.bands.push({ ...interval, from: start, to });
  }
  const [first, last] = [axis.times[0] as number, axis.times[axis.times.length - 1] as number];
  for (const mark of marks.switches) {
    if (mark.time < first || mark.time >= last + step) continue;
    const slot = Math.max(lowerBound(axis.times, mark.time + 1) - 1, 0);
    axis.switches.push({ slot, from: mark.from, to: mark.to });
  }
}

function firstEmpty(rows: number[], from: number): number {
  let slot = from;
  while (slot < rows.length && (rows[slot] as number) >= 0) slot++;
  return slot;
}

// Adds the rows behind those that the axis has. False, and nothing added, where rows came in between or an empty slot
// has to come first: build anew.
export function extendAxis(
  axis: Axis,
  rows: readonly Row[],
  marks: Marks,
  resolution: Resolution,
): boolean {
  const known = axis.slotOfRow.length;
  const before = rows[known - 1];
  const last = rows[rows.length - 1];
  if (!before || !last || before.time !== axis.times[axis.times.length - 1]) return false;
  const missing = overlapping(intervalsOf(marks, resolution), before.time + 1, last.time);
  if (missing.length > 0) return false;
  for (let index = known; index < rows.length; index++) {
    const row = rows[index] as Row;
    if (row.tradeDate !== rows[index - 1]?.tradeDate) axis.dates.push(axis.times.length);
    axis.slotOfRow.push(axis.times.length);
    axis.times.push(row.time);
    axis.rows.push(index);
  }
  return true;
}
