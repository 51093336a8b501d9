import { describe, expect, it } from 'vitest';
import { clockTime, fullTime, nearTime, secondOf, Zone } from './zone';

const chicago = new Zone('America/Chicago');
const at = (text: string) => secondOf(text);

describe('Zone', () => {
  it('follows daylight saving time to the second', () => {
    const cases: [string, number][] = [
      ['2025-01-15T12:00:00Z', -6],
      ['2025-07-15T12:00:00Z', -5],
      ['2025-03-09T07:59:59Z', -6],
      ['2025-03-09T08:00:00Z', -5],
      ['2025-11-02T06:59:59Z', -5],
      ['2025-11-02T07:00:00Z', -6],
      ['1969-12-31T12:00:00Z', -6],
    ];
    for (const [text, hours] of cases) expect(chicago.offset(at(text)), text).toBe(hours * 3600);
  });

  it('knows zones off the hour', () => {
    expect(new Zone('Asia/Kolkata').offset(at('2025-06-16T00:00:00Z'))).toBe(5.5 * 3600);
    expect(new Zone('Asia/Kathmandu').offset(at('2025-06-16T00:00:00Z'))).toBe(5.75 * 3600);
  });

  it('refuses what is no zone', () => {
    expect(() => new Zone('Chicago/Loop')).toThrow(RangeError);
  });
});

describe('times', () => {
  it('are written in the zone', () => {
    expect(fullTime(at('2025-06-16T03:05:09Z'), chicago)).toBe('Sun 2025-06-15 22:05:09');
    expect(clockTime(at('2025-06-16T18:05:09Z'), chicago)).toBe('13:05:09');
  });
  it('leave out what is the same as now', () => {
    const now = at('2025-06-16T18:00:00Z');
    expect(nearTime('2025-06-16T17:00:00Z', chicago, now)).toBe('12:00:00');
    expect(nearTime('2025-06-15T22:00:00Z', chicago, now)).toBe('Sun 15 Jun 17:00');
    expect(nearTime('2024-12-31T22:00:00Z', chicago, now)).toBe('Tue 31 Dec 2024 16:00');
    expect(nearTime(null, chicago, now)).toBe('–');
  });
});
