import { describe, expect, it } from 'vitest';
import type { Cell } from '../api/types';
import { defaultX, plotData, seriesChoices } from './plot_data';

function answer(columns: [string, string][], rows: Cell[][]) {
  return {
    columns: columns.map(([name, type]) => ({ name, type })),
    rows,
    truncated: false,
    elapsed_ms: 1,
    limits: { rows_max: 1, timeout_s: 1, memory_mib: 1 },
  };
}

describe('plotData', () => {
  it('draws numbers over time, in order', () => {
    const result = answer(
      [
        ['symbol', 'VARCHAR'],
        ['time', 'TIMESTAMP WITH TIME ZONE'],
        ['close', 'DOUBLE'],
        ['volume', 'BIGINT'],
      ],
      [
        ['ESM5', '2025-06-16T13:30:01Z', 2, '7'],
        ['ESM5', '2025-06-16 13:30:00+00', 1, 5],
        ['ESM5', null, 9, 9],
      ],
    );
    const x = defaultX(result);
    expect(x).toBe(1);
    expect(seriesChoices(result, x)).toEqual([2, 3]);
    const plot = plotData(result, x, [2, 3]);
    expect(plot?.x).toEqual([1750080600, 1750080601]);
    expect(plot?.series.map((each) => each.values)).toEqual([
      [1, 2],
      [5, 7],
    ]);
  });
  it('draws numbers over names', () => {
    const result = answer(
      [
        ['symbol', 'VARCHAR'],
        ['volume', 'HUGEINT'],
      ],
      [
        ['ESM5', 3],
        ['ESU5', null],
      ],
    );
    const plot = plotData(result, defaultX(result), [1]);
    expect(plot).toMatchObject({ isTime: false, labels: ['ESM5', 'ESU5'], x: [0, 1] });
  });
  it('has nothing to draw without numbers or rows', () => {
    expect(plotData(answer([['a', 'VARCHAR']], [['x']]), 0, [])).toBeNull();
    expect(
      plotData(
        answer(
          [
            ['a', 'DATE'],
            ['b', 'DOUBLE'],
          ],
          [],
        ),
        0,
        [1],
      ),
    ).toBeNull();
  });
});
