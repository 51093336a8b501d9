// Years, months or days as cells: the colour says how much is accounted for, the bar of what.
import type { CoverageCell } from '../api/types';
import * as format from '../format';
import { monthName } from '../zone';
import { leadingBlanks } from './levels';
import { COVERAGE_STATES, grade } from './states';

export interface CellsProps {
  level: 'years' | 'months' | 'days';
  cells: CoverageCell[];
  look: (cell: CoverageCell) => void;
  enter: (key: string) => void;
}

export function Cells({ level, cells, look, enter }: CellsProps) {
  const blanks = level === 'days' && cells[0] ? leadingBlanks(cells[0].from) : 0;
  if (cells.length === 0) return <p class="empty">Nothing is stored here.</p>;
  return (
    <div class={`cells ${level}`}>
      {level === 'days' &&
        ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].map((day) => (
          <span key={day} class="weekday" aria-hidden="true">
            {day}
          </span>
        ))}
      {Array.from({ length: blanks }, (_, index) => (
        <span key={`blank ${index}`} />
      ))}
      {cells.map((cell) => (
        <button
          key={cell.key}
          type="button"
          class={`cell ${grade(cell)}`}
          title={`${cell.key}: ${cell.reason || 'nothing is missing'}`}
          onMouseEnter={() => look(cell)}
          onFocus={() => look(cell)}
          onClick={() => enter(cell.key)}
        >
          <b>{nameOf(level, cell.key)}</b>
          <span class="share">
            {grade(cell) === 'none' ? format.NONE : format.share(cell.share)}
          </span>
          <Bar cell={cell} />
        </button>
      ))}
    </div>
  );
}

function nameOf(level: CellsProps['level'], key: string): string {
  if (level === 'years') return key;
  const [, month, day] = key.split('-');
  return level === 'months' ? monthName(Number(month)) : String(Number(day));
}

function Bar({ cell }: { cell: CoverageCell }) {
  const parts = COVERAGE_STATES.map((state) => [state, cell.counts[state] ?? 0] as const).filter(
    ([state, count]) => count > 0 && state !== 'closed',
  );
  return (
    <span class="bar" aria-hidden="true">
      {parts.map(([state, count]) => (
        <span key={state} class={`cover-${state}`} style={{ flexGrow: count }} />
      ))}
    </span>
  );
}
