// The one line above all: green only when nothing is known to be wrong and something is known at all.
import type { Health, HealthLine, State } from '../api/types';

const URGENCY: State[] = ['red', 'yellow', 'green', 'grey'];

export function summary(health: Pick<Health, 'ok' | 'lines' | 'parts' | 'alarms'>): {
  state: State;
  text: string;
} {
  const late = health.lines.filter((line) => line.state === 'red').length;
  const doubtful = health.lines.filter((line) => line.state === 'yellow').length;
  const failed = health.parts.filter((part) => part.state === 'failed').length;
  const critical = health.alarms.filter((alarm) => alarm.severity === 'critical').length;
  const told = [
    count(late, 'table is late', 'tables are late'),
    count(failed, 'part has failed', 'parts have failed'),
    count(critical, 'critical alarm', 'critical alarms'),
    count(doubtful, 'table is to be watched', 'tables are to be watched'),
    count(health.alarms.length - critical, 'warning', 'warnings'),
  ].filter((text) => text !== '');
  if (late + failed + critical > 0) return { state: 'red', text: told.join(', ') };
  if (told.length > 0) return { state: 'yellow', text: told.join(', ') };
  if (!health.ok) return { state: 'red', text: 'Something is wrong' };
  if (health.lines.length === 0) return { state: 'grey', text: 'There is no data to watch' };
  if (health.lines.some((line) => line.state === 'green'))
    return { state: 'green', text: 'Everything is as it should be' };
  return health.lines.every((line) => line.expected === 'none')
    ? { state: 'grey', text: 'Nothing keeps this data up to date' }
    : { state: 'grey', text: 'Nothing is expected now: the markets are closed' };
}

function count(number: number, one: string, many: string): string {
  return number === 0 ? '' : `${number} ${number === 1 ? one : many}`;
}

// What needs a look first; otherwise as the server orders them.
export function byUrgency(lines: readonly HealthLine[]): HealthLine[] {
  return [...lines].sort((a, b) => URGENCY.indexOf(a.state) - URGENCY.indexOf(b.state));
}
