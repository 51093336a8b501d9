// One trade date: a line an hour, sixty minutes wide, and the same as a list.
import { List, number } from '../widgets/list';
import { useMemo, useState } from 'preact/hooks';
import type { CoverageRun } from '../api/types';
import * as format from '../format';
import { settings } from '../settings';
import { useStore } from '../store';
import { clockTime, fullTime, Zone } from '../zone';
import { hourPieces } from './pieces';
import { STATE_WORDS } from './states';

const ROW = 20;
const LEFT = 52;
const MINUTE = 14;

export function Minutes({ runs, zoneName }: { runs: CoverageRun[]; zoneName: string }) {
  const { zone: choice } = useStore(settings);
  const zone = useMemo(
    () => (choice === 'local' ? Zone.local() : new Zone(zoneName)),
    [choice, zoneName],
  );
  const [looked, setLooked] = useState<CoverageRun | null>(null);
  const { hours, pieces } = useMemo(() => hourPieces(runs), [runs]);
  if (runs.length === 0) return <p class="empty">Nothing is stored here.</p>;
  const height = hours.length * ROW;
  const missing = runs.filter((run) => !['traded', 'closed'].includes(run.state));
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="Minutes of the day">
        <svg
          class="minutes"
          viewBox={`0 0 ${LEFT + 60 * MINUTE} ${height + 16}`}
          role="img"
          aria-label="A line an hour, sixty minutes wide; the list below says the same"
        >
          {hours.map((hour, index) => (
            <text key={hour} x={LEFT - 8} y={index * ROW + 14} text-anchor="end">
              {clockTime(hour, zone).slice(0, 5)}
            </text>
          ))}
          {pieces.map((piece) => (
            <rect
              key={`${piece.hour} ${piece.from}`}
              class={`cover-${piece.run.state}`}
              x={LEFT + (piece.from / 60) * MINUTE}
              y={piece.hour * ROW + 1}
              width={Math.max(((piece.to - piece.from) / 60) * MINUTE - 0.5, 1.5)}
              height={ROW - 2}
              onMouseEnter={() => setLooked(piece.run)}
            >
              <title>{describe(piece.run, zone)}</title>
            </rect>
          ))}
          {[0, 15, 30, 45].map((minute) => (
            <text key={minute} x={LEFT + minute * MINUTE} y={height + 13}>
              :{String(minute).padStart(2, '0')}
            </text>
          ))}
        </svg>
      </div>
      {looked && (
        <p class="reason">
          <b>{STATE_WORDS[looked.state]}</b> {describe(looked, zone)}
        </p>
      )}
      <h2>
        {missing.length === 0 ? 'Every open minute traded' : 'Minutes without a trade, and why'}
      </h2>
      {missing.length > 0 && (
        <List
          label="Minutes without a trade"
          columns={['State', 'From', 'To', number('Length'), 'Reason']}
          tall
        >
          {missing.map((run) => (
            <tr key={run.from}>
              <td>
                <span class={`swatch cover-${run.state}`} /> {STATE_WORDS[run.state]}
              </td>
              <td>{fullTime(run.from, zone)}</td>
              <td>{clockTime(run.to, zone)}</td>
              <td class="number">{format.span(run.to - run.from)}</td>
              <td class="wide">{run.reason || format.NONE}</td>
            </tr>
          ))}
        </List>
      )}
    </>
  );
}

function describe(run: CoverageRun, zone: Zone): string {
  const span = `${clockTime(run.from, zone)} to ${clockTime(run.to, zone)}`;
  return `${span}, ${format.span(run.to - run.from)}${run.reason ? `: ${run.reason}` : ''}`;
}
