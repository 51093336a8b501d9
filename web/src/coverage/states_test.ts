import { describe, expect, it } from 'vitest';
import { grade } from './states';

describe('grade', () => {
  const cases: [number | null, Parameters<typeof grade>[0]['counts'], string][] = [
    [1, { traded: 5 }, 'full'],
    [0.9999, { traded: 9, gap: 1 }, 'high'],
    [0.96, { traded: 9, gap: 1 }, 'middle'],
    [0, { gap: 1 }, 'low'],
    [1, { closed: 1440 }, 'none'],
    [null, {}, 'none'],
  ];
  for (const [share, counts, expected] of cases)
    it(`${share} of ${JSON.stringify(counts)} is ${expected}`, () =>
      expect(grade({ share, counts })).toBe(expected));
});
