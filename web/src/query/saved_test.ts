import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { forget, save, SAVED_MAX, savedQueries } from './saved';

describe('saved queries', () => {
  const kept = new Map<string, string>();
  beforeEach(() => {
    kept.clear();
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  it('are replaced by name, in order, and forgotten', () => {
    save({ name: 'b', sql: '1' });
    save({ name: 'a', sql: '2' });
    save({ name: 'b', sql: '3' });
    expect(savedQueries()).toEqual([
      { name: 'a', sql: '2' },
      { name: 'b', sql: '3' },
    ]);
    forget('a');
    expect(savedQueries().map((each) => each.name)).toEqual(['b']);
  });
  it('are not believed when something else wrote there', () => {
    for (const text of ['{', '7', '[1, {"name": 5}, {"name": "x", "sql": "y"}]']) {
      kept.set('frontmonth.queries', text);
      expect(savedQueries().every((each) => each.name === 'x')).toBe(true);
    }
  });
  it('are bounded', () => {
    for (let i = 0; i < SAVED_MAX; i++) expect(save({ name: String(i), sql: '' })).toBe(true);
    expect(save({ name: 'one more', sql: '' })).toBe(false);
  });
  it('say when the browser keeps nothing', () => {
    vi.stubGlobal('localStorage', {
      getItem: () => null,
      setItem: () => {
        throw new Error('full');
      },
    });
    expect(save({ name: 'a', sql: '' })).toBe(false);
  });
});
