import { describe, expect, it } from 'vitest';
import { chartKey, type Steerable } from './chart_keys';

function pressed(key: string, shiftKey = false) {
  const calls: string[] = [];
  const note =
    (name: string) =>
    (value?: number): void => {
      calls.push(value === undefined ? name : `${name} ${value}`);
    };
  const chart: Steerable = {
    step: note('step'),
    zoom: note('zoom'),
    pan: note('pan'),
    showAll: note('all'),
    showLatest: note('latest'),
    leave: note('leave'),
  };
  const known = chartKey({ key, shiftKey }, chart, (resolution) => calls.push(resolution));
  return known ? calls : null;
}

describe('chartKey', () => {
  const cases: [string, boolean, string[] | null][] = [
    ['ArrowLeft', false, ['step -1']],
    ['ArrowRight', true, ['step 10']],
    ['+', true, ['zoom 0.8']],
    ['ArrowDown', false, ['zoom 1.25']],
    ['PageUp', false, ['pan -0.9']],
    ['Home', false, ['all']],
    ['End', false, ['latest']],
    ['Escape', false, ['leave']],
    ['1', false, ['1s']],
    ['7', false, ['1d']],
    ['8', false, null],
    ['0', false, null],
    ['Tab', false, null],
    ['x', false, null],
  ];
  for (const [key, shift, calls] of cases)
    it(`${shift ? 'Shift ' : ''}${key}`, () => expect(pressed(key, shift)).toEqual(calls));
});
