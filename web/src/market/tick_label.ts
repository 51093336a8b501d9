// What stands below the time axis. Times are wall seconds.
import { monthName, wallParts } from '../zone';

// The library's kinds of marks, from coarse to fine.
const YEAR = 0;
const MONTH = 1;
const DAY = 2;
const TIME_WITH_SECONDS = 4;

export function tickLabel(wall: number, type: number): string {
  const parts = wallParts(wall);
  if (type === YEAR) return String(parts.year);
  if (type === MONTH) return monthName(parts.month);
  if (type === DAY) return `${parts.day} ${monthName(parts.month)}`;
  return type === TIME_WITH_SECONDS ? parts.clock : parts.clock.slice(0, 5);
}
