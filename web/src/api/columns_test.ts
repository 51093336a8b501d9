import { describe, expect, it } from 'vitest';
import { columnsOf, expand } from './columns';

describe('expand', () => {
  it('leaves plain columns and unrolls runs', () => {
    expect(expand([1, null, 3])).toEqual([1, null, 3]);
    expect(
      expand({
        runs: [
          ['ESM5', 2],
          [null, 1],
          ['ESU5', 1],
        ],
      }),
    ).toEqual(['ESM5', 'ESM5', null, 'ESU5']);
    expect(expand({ runs: [] })).toEqual([]);
  });
});

describe('columnsOf', () => {
  it('refuses a column that is missing or of another length', () => {
    expect(() => columnsOf({ columns: ['time'], rows: 1, data: {} })).toThrow('time');
    expect(() => columnsOf({ columns: ['time'], rows: 2, data: { time: [1] } })).toThrow(
      'has 1 rows, the answer 2',
    );
  });
});
