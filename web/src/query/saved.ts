// Queries that were given a name: kept in the browser.
import { readStored, writeStored } from '../settings';

const KEY = 'frontmonth.queries';
export const SAVED_MAX = 200;

export interface Saved {
  name: string;
  sql: string;
}

export function savedQueries(): Saved[] {
  const stored = readStored<unknown>(KEY, []);
  if (!Array.isArray(stored)) return [];
  return stored.filter(
    (each): each is Saved =>
      typeof each === 'object' &&
      each !== null &&
      typeof (each as Saved).name === 'string' &&
      typeof (each as Saved).sql === 'string',
  );
}

// The same name replaces. False when the browser keeps nothing.
export function save(query: Saved): boolean {
  const others = savedQueries().filter((each) => each.name !== query.name);
  const all = [...others, query].sort((a, b) => a.name.localeCompare(b.name));
  return all.length <= SAVED_MAX && writeStored(KEY, all);
}

export function forget(name: string): void {
  writeStored(
    KEY,
    savedQueries().filter((each) => each.name !== name),
  );
}
