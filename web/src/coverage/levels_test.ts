import { describe, expect, it } from 'vitest';
import { leadingBlanks, parameters, placeOf, placeOfKey, placeValues, trail } from './levels';

describe('places', () => {
  const cases: [string, object, string[]][] = [
    ['', { level: 'years' }, ['All years']],
    ['2025', { level: 'months', year: '2025' }, ['All years', '2025']],
    ['2025-06', { level: 'days', month: '2025-06' }, ['All years', '2025', 'Jun']],
    ['2025-06-16', { level: 'minutes', day: '2025-06-16' }, ['All years', '2025', 'Jun', '16']],
  ];
  for (const [key, asked, names] of cases)
    it(key || 'all years', () => {
      const place = placeOfKey(key);
      expect(parameters(place)).toEqual(asked);
      expect(trail(place).map((step) => step.name)).toEqual(names);
      expect(placeOf(placeValues(place))).toEqual(place);
    });

  it('is all years where the address says nonsense', () => {
    expect(placeOf({ year: '20x5', day: 'yesterday' })).toEqual({ within: 'all' });
  });
});

describe('leadingBlanks', () => {
  it('counts from Monday', () => {
    expect(leadingBlanks('2025-09-01')).toBe(0); // a Monday
    expect(leadingBlanks('2025-06-01')).toBe(6); // a Sunday
  });
});
