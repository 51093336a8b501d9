// Where in time the heat map stands: all years, or within one year, month or day.
import type { Parameters } from '../api/client';
import { monthName } from '../zone';

export type Place = { within: 'all' } | { within: 'year' | 'month' | 'day'; key: string };

const SHAPES = { day: /^\d{4}-\d{2}-\d{2}$/, month: /^\d{4}-\d{2}$/, year: /^\d{4}$/ };

export function placeOf(values: Record<string, string>): Place {
  for (const within of ['day', 'month', 'year'] as const) {
    const key = values[within];
    if (key && SHAPES[within].test(key)) return { within, key };
  }
  return { within: 'all' };
}

// What the address says of a place.
export function placeValues(place: Place): Record<string, string> {
  return place.within === 'all' ? {} : { [place.within]: place.key };
}

// What the API is asked for it.
export function parameters(place: Place): Parameters {
  switch (place.within) {
    case 'all':
      return { level: 'years' };
    case 'year':
      return { level: 'months', year: place.key };
    case 'month':
      return { level: 'days', month: place.key };
    case 'day':
      return { level: 'minutes', day: place.key };
  }
}

// Keys are dates as far as they are known: "2025", "2025-06", "2025-06-16".
export function placeOfKey(key: string): Place {
  if (SHAPES.day.test(key)) return { within: 'day', key };
  if (SHAPES.month.test(key)) return { within: 'month', key };
  if (SHAPES.year.test(key)) return { within: 'year', key };
  return { within: 'all' };
}

// The way down to a place, each step of which can be gone back to.
export function trail(place: Place): { name: string; place: Place }[] {
  const steps: { name: string; place: Place }[] = [{ name: 'All years', place: { within: 'all' } }];
  if (place.within === 'all') return steps;
  const [year = '', month, day] = place.key.split('-');
  steps.push({ name: year, place: { within: 'year', key: year } });
  if (month)
    steps.push({
      name: monthName(Number(month)),
      place: { within: 'month', key: `${year}-${month}` },
    });
  if (day) steps.push({ name: String(Number(day)), place });
  return steps;
}

// Days of a month stand in weeks, Monday first: how many places are free before the first.
export function leadingBlanks(firstDay: string): number {
  return (new Date(`${firstDay}T00:00:00Z`).getUTCDay() + 6) % 7;
}
