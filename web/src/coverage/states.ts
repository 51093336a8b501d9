// The states of a minute, and how a share of them is judged.
import type { CoverageCell, CoverageState } from '../api/types';

export const COVERAGE_STATES: readonly CoverageState[] = [
  'traded',
  'no_trade',
  'repaired',
  'halted',
  'unknown',
  'gap',
  'closed',
];

export const STATE_WORDS: Record<CoverageState, string> = {
  traded: 'traded',
  no_trade: 'no trade',
  closed: 'closed',
  halted: 'halted',
  gap: 'gap',
  repaired: 'repaired',
  unknown: 'unknown',
};

export type Grade = 'full' | 'high' | 'middle' | 'low' | 'none';

// "none": nothing was expected.
export function grade(cell: Pick<CoverageCell, 'share' | 'counts'>): Grade {
  const expected = COVERAGE_STATES.some(
    (state) => state !== 'closed' && (cell.counts[state] ?? 0) > 0,
  );
  if (!expected || cell.share === null) return 'none';
  if (cell.share >= 1) return 'full';
  if (cell.share >= 0.995) return 'high';
  return cell.share >= 0.95 ? 'middle' : 'low';
}
