import { describe, expect, it } from 'vitest';
import type { SchemaTable } from '../api/types';
import { accept, isCode, suggest, wordAt } from './complete';

const table = (dataset: string, name: string, ...columns: string[]): SchemaTable => ({
  dataset,
  name,
  comment: '',
  key: [],
  columns: columns.map((column) => ({ name: column, type: 'double', unit: '', comment: '' })),
});
const TABLES = [
  table('market_data', 'candles_1m', 'time', 'close', 'cvd_close'),
  table('market_data', 'candle_sessions', 'trade_date', 'stints'),
  table('ops', 'feed_gaps', 'gap_from'),
];

// "|" stands for the cursor.
function suggested(text: string): string[] {
  const cursor = text.indexOf('|');
  return suggest(text.replace('|', ''), cursor, TABLES).suggestions.map((each) => each.text);
}

describe('suggest', () => {
  it('names tables after FROM and JOIN', () => {
    expect(suggested('SELECT * FROM |')).toEqual(['candles_1m', 'candle_sessions', 'feed_gaps']);
    expect(suggested('SELECT * FROM ops.fe|')).toEqual(['feed_gaps']);
    expect(suggested('select * from candles_1m join candle_s|')).toEqual(['candle_sessions']);
  });
  it('names columns of the tables in the statement first', () => {
    expect(suggested('SELECT cl| FROM candles_1m')[0]).toBe('close');
    expect(suggested('SELECT close| FROM candles_1m')).toEqual(['cvd_close']);
    expect(suggested('SELECT stin| FROM candles_1m')).not.toContain('stints');
    expect(suggested('SELECT stin|')).toContain('stints');
  });
  it('knows keywords and functions', () => {
    expect(suggested('SEL|')).toEqual(['SELECT']);
    expect(suggested('SELECT date_t|')).toContain('date_trunc');
  });
  it('keeps silent in strings, comments and after a blank', () => {
    for (const text of ["SELECT 'cl|", '-- cl|', '/* cl|', 'SELECT |', '|'])
      expect(suggested(text), text).toEqual([]);
    expect(suggested("SELECT 'it''s' AS x, cl| FROM candles_1m")[0]).toBe('close');
  });
});

describe('accept', () => {
  it('replaces the word, behind its dot', () => {
    const sql = 'SELECT * FROM ops.fe WHERE 1';
    const word = wordAt(sql, 20);
    expect(accept(sql, 20, word, 'feed_gaps')).toEqual({
      sql: 'SELECT * FROM ops.feed_gaps WHERE 1',
      cursor: 27,
    });
  });
});

describe('isCode', () => {
  it('sees where a comment has ended', () => {
    expect(isCode('-- x\nSELECT ', 12)).toBe(true);
    expect(isCode('/* x */ SELECT ', 15)).toBe(true);
  });
});
