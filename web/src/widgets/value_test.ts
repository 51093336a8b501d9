import { describe, expect, it } from 'vitest';
import { columnsOf, scalar } from './value';

describe('value', () => {
  it('knows sizes and spans by their names', () => {
    expect(scalar('pending_bytes', 2048)).toBe('2.0 KiB');
    expect(scalar('uptime_s', 3700)).toBe('1 h 01 min');
    expect(scalar('rows', 12345)).toBe('12,345');
    expect(scalar('ok', false)).toBe('no');
    expect(scalar('last_error', null)).toBe('–');
  });
  it('has every column that a row has', () => {
    expect(columnsOf([{ a: 1 }, { b: 2, a: 3 }])).toEqual(['a', 'b']);
  });
});
