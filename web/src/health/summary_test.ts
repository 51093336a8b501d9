import { describe, expect, it } from 'vitest';
import type { Alarm, HealthLine, Part, State } from '../api/types';
import { byUrgency, summary } from './summary';

const line = (state: State, root = 'ES') => ({ state, root }) as HealthLine;
const part = (state: Part['state']) => ({ state }) as Part;
const alarm = (severity: Alarm['severity']) => ({ severity }) as Alarm;

describe('summary', () => {
  const cases: [string, HealthLine[], Part[], Alarm[], boolean, State][] = [
    ['all good', [line('green'), line('grey')], [part('running')], [], true, 'green'],
    ['all closed', [line('grey')], [part('running')], [], true, 'grey'],
    ['no data', [], [], [], true, 'grey'],
    ['late', [line('green'), line('red')], [], [], true, 'red'],
    ['a failed part', [line('green')], [part('failed')], [], true, 'red'],
    ['a critical alarm', [line('green')], [], [alarm('critical')], true, 'red'],
    ['a warning', [line('green')], [], [alarm('warning')], true, 'yellow'],
    ['to be watched', [line('yellow')], [], [], true, 'yellow'],
    ['the server says no', [line('green')], [], [], false, 'red'],
  ];
  for (const [name, lines, parts, alarms, ok, state] of cases)
    it(name, () => expect(summary({ ok, lines, parts, alarms }).state).toBe(state));

  it('tells closed markets from data that nothing feeds', () => {
    const text = (expected: HealthLine['expected']) =>
      summary({ ok: true, parts: [], alarms: [], lines: [{ ...line('grey'), expected }] }).text;
    expect(text('closed')).toContain('closed');
    expect(text('none')).toContain('Nothing keeps');
  });
  it('counts', () => {
    const lines = [line('red'), line('red'), line('yellow')];
    expect(summary({ ok: false, lines, parts: [], alarms: [alarm('warning')] }).text).toBe(
      '2 tables are late, 1 table is to be watched, 1 warning',
    );
  });
});

describe('byUrgency', () => {
  it('puts what is wrong first and keeps the rest in order', () => {
    const lines = [line('grey', 'A'), line('green', 'B'), line('red', 'C'), line('green', 'D')];
    expect(byUrgency(lines).map((each) => each.root)).toEqual(['C', 'B', 'D', 'A']);
  });
});
