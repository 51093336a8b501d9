import { describe, expect, it } from 'vitest';
import * as format from './format';

describe('price', () => {
  const cases: [number, Parameters<typeof format.price>[1], string][] = [
    [5432.25, { kind: 'decimal', places: 2 }, '5,432.25'],
    [-37.63, { kind: 'decimal', places: 2 }, '−37.63'],
    [0.0065485, { kind: 'decimal', places: 7 }, '0.0065485'],
    // 32nds as the exchange writes them: quarters end on 0, 2, 5, 7, eighths on 1, 3, 6, 8 too.
    [110.5, { kind: 'fraction', denominator: 32 }, "110'16"],
    [110.515625, { kind: 'fraction', denominator: 32, sub: 2 }, "110'165"],
    [110.5078125, { kind: 'fraction', denominator: 32, sub: 4 }, "110'162"],
    [110.5234375, { kind: 'fraction', denominator: 32, sub: 4 }, "110'167"],
    [103.00390625, { kind: 'fraction', denominator: 32, sub: 8 }, "103'001"],
    [103.99609375, { kind: 'fraction', denominator: 32, sub: 8 }, "103'318"],
    [450.75, { kind: 'fraction', denominator: 8 }, "450'6"],
    [1234, { kind: 'fraction', denominator: 8 }, "1,234'0"],
    [-0.25, { kind: 'fraction', denominator: 8 }, "−0'2"],
    // An average lies between ticks.
    [450.3, { kind: 'fraction', denominator: 8 }, '450.300000'],
  ];
  for (const [value, how, text] of cases)
    it(`${value} is ${text}`, () => expect(format.price(value, how)).toBe(text));

  it('never rounds a tick to its neighbour', () => {
    const seen = new Set<string>();
    for (let tick = 0; tick < 256; tick++)
      seen.add(format.price(110 + tick / 256, { kind: 'fraction', denominator: 32, sub: 8 }));
    expect(seen.size).toBe(256);
  });

  it('has a sign for what is not there', () => {
    expect(format.price(null, { kind: 'decimal', places: 2 })).toBe('–');
  });
});

describe('numbers', () => {
  it('are grouped, with a real minus', () => {
    expect(format.integer(1234567)).toBe('1,234,567');
    expect(format.integer(-1234)).toBe('−1,234');
    expect(format.signed(12)).toBe('+12');
    expect(format.signed(-12)).toBe('−12');
    expect(format.signed(0)).toBe('0');
  });
  it('are shortened on axes', () => {
    const cases: [number, string][] = [
      [9_999, '9,999'],
      [12_345, '12.3 k'],
      [-123_456, '−123 k'],
      [1_234_567, '1.23 M'],
      [2_500_000_000, '2.50 B'],
    ];
    for (const [value, text] of cases) expect(format.short(value)).toBe(text);
  });
});

describe('contracts', () => {
  it('are whole, and short only beyond a million', () => {
    expect(format.contracts(15_448.4)).toBe('15,448');
    expect(format.contracts(-999_999)).toBe('−999,999');
    expect(format.contracts(12_345_678)).toBe('12.3 M');
  });
});

describe('share', () => {
  it('says 100 % only of all', () => {
    expect(format.share(1)).toBe('100 %');
    expect(format.share(0.99999)).toBe('99.9 %');
    expect(format.share(0)).toBe('0.0 %');
    expect(format.share(null)).toBe('–');
  });
});

describe('span', () => {
  const cases: [number, string][] = [
    [0, '0 s'],
    [0.4, '0.4 s'],
    [59.4, '59 s'],
    [185, '3 min 05 s'],
    [7800, '2 h 10 min'],
    [86400 * 5 + 3600 * 3, '5 d 3 h'],
    [-12, '−12 s'],
  ];
  for (const [seconds, text] of cases)
    it(`${seconds} is ${text}`, () => expect(format.span(seconds)).toBe(text));
});

describe('bytes', () => {
  it('uses binary units', () => {
    expect(format.bytes(512)).toBe('512 B');
    expect(format.bytes(1536)).toBe('1.5 KiB');
    expect(format.bytes(250 * 1024 * 1024)).toBe('250 MiB');
  });
});

describe('cell', () => {
  const es = { kind: 'decimal', places: 2 } as const;
  it('writes each column in its own way', () => {
    expect(format.cell('close', 5432.5, es)).toBe('5,432.50');
    expect(format.cell('vd', 14, es)).toBe('+14');
    expect(format.cell('vd_ratio', -0.12345, es)).toBe('−0.123');
    expect(format.cell('price_change_bps', 1.5, es)).toBe('1.50 bp');
    expect(format.cell('symbol', 'ESM5', es)).toBe('ESM5');
    expect(format.cell('vwap', null, es)).toBe('–');
  });
  it('has a word for each column', () => {
    expect(format.label('cvd_close')).toBe('CVD');
    expect(format.label('seconds_traded')).toBe('Seconds traded');
  });
});
