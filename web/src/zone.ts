// Times of day in the exchange's or the reader's time zone. Chart axes count in "wall seconds": the
// seconds since 1970 at which a clock in UTC would show what a clock in the zone shows.

const BLOCK = 900; // no zone changes its offset within a quarter of an hour

export class Zone {
  private readonly parts: Intl.DateTimeFormat;
  private readonly offsets = new Map<number, number>();

  // Unknown names throw a RangeError.
  constructor(readonly name: string) {
    this.parts = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  static local(): Zone {
    return new Zone(Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC');
  }

  // Seconds east of UTC at a moment.
  offset(second: number): number {
    const block = Math.floor(second / BLOCK);
    const known = this.offsets.get(block);
    if (known !== undefined) return known;
    const at = block * BLOCK;
    const field: Record<string, number> = {};
    for (const part of this.parts.formatToParts(at * 1000)) field[part.type] = Number(part.value);
    const wall = Date.UTC(
      field['year'] ?? 1970,
      (field['month'] ?? 1) - 1,
      field['day'] ?? 1,
      field['hour'] ?? 0,
      field['minute'] ?? 0,
      field['second'] ?? 0,
    );
    const offset = wall / 1000 - at;
    this.offsets.set(block, offset);
    return offset;
  }

  wall(second: number): number {
    return second + this.offset(second);
  }
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (value: number) => String(value).padStart(2, '0');

export interface WallParts {
  year: number;
  month: number; // 1 to 12
  day: number;
  weekday: string;
  clock: string; // "13:05:09"
}

export function wallParts(wall: number): WallParts {
  const at = new Date(wall * 1000);
  return {
    year: at.getUTCFullYear(),
    month: at.getUTCMonth() + 1,
    day: at.getUTCDate(),
    weekday: WEEKDAYS[at.getUTCDay()] as string,
    clock: `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`,
  };
}

export function monthName(month: number): string {
  return MONTHS[month - 1] as string;
}

export function isoDate(wall: number): string {
  const parts = wallParts(wall);
  return `${parts.year}-${two(parts.month)}-${two(parts.day)}`;
}

// "Mon 2025-06-16 13:05:09"
export function fullTime(second: number, zone: Zone): string {
  const wall = zone.wall(second);
  const parts = wallParts(wall);
  return `${parts.weekday} ${isoDate(wall)} ${parts.clock}`;
}

export function clockTime(second: number, zone: Zone): string {
  return wallParts(zone.wall(second)).clock;
}

export function secondOf(rfc3339: string): number {
  return Math.floor(Date.parse(rfc3339) / 1000);
}

// "13:05:09" on the day of `now`, else "Mon 16 Jun 13:05".
export function nearTime(rfc3339: string | null, zone: Zone, now: number): string {
  if (!rfc3339) return '–';
  const wall = zone.wall(secondOf(rfc3339));
  const parts = wallParts(wall);
  if (isoDate(wall) === isoDate(zone.wall(now))) return parts.clock;
  const year = parts.year === wallParts(zone.wall(now)).year ? '' : ` ${parts.year}`;
  return `${parts.weekday} ${parts.day} ${monthName(parts.month)}${year} ${parts.clock.slice(0, 5)}`;
}
