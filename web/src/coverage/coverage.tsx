// Whether every minute is accounted for: from years down to minutes, each with its reason.
import { useEffect, useState } from 'preact/hooks';
import type { CoverageAnswer, CoverageCell, Root } from '../api/types';
import { useApi } from '../api/use_api';
import { go, route, setValues } from '../route';
import { useStore } from '../store';
import { Empty, Waiting } from '../widgets/notice';
import { Segments } from '../widgets/segments';
import { Cells } from './cells';
import { CoverageKey } from './key';
import { parameters, placeOf, placeOfKey, placeValues, trail, type Place } from './levels';
import { Minutes } from './minutes';

const TIMEFRAMES = ['candles', '1m', '1m_live', '1s', '1h', '1d'] as const;
const TIMEFRAME_LABELS: Record<(typeof TIMEFRAMES)[number], string> = {
  candles: 'Candles',
  '1m': '1 min',
  '1m_live': '1 min live',
  '1s': '1 s',
  '1h': '1 h',
  '1d': '1 d',
};

export function Coverage() {
  const { values } = useStore(route);
  const roots = useApi<{ roots: Root[] }>('api/roots');
  const stored = roots.data?.roots.filter((root) => root.has_rows) ?? [];
  const root = values['root'] ?? stored[0]?.root ?? '';
  const timeframe =
    TIMEFRAMES.find((each) => each === values['timeframe']) ?? firstTimeframe(stored, root);
  const place = placeOf(values);
  const answer = useApi<CoverageAnswer>(
    root ? 'api/coverage' : null,
    { root, timeframe, ...parameters(place) },
    60_000,
  );
  const [cell, setCell] = useState<CoverageCell | null>(null);
  useEffect(() => setCell(null), [root, timeframe, values['year'], values['month'], values['day']]);
  if (!roots.data) return <Waiting error={roots.error} retry={roots.reload} />;
  if (!root) return <Empty>The lake holds no rows yet.</Empty>;
  const enter = (next: Place) =>
    go({ view: 'coverage', values: { root, timeframe, ...placeValues(next) } });
  const zone = roots.data.roots.find((each) => each.root === root)?.timezone ?? 'UTC';
  return (
    <div class="stack">
      <div class="toolbar">
        <select
          aria-label="Root"
          value={root}
          onChange={(event) => setValues({ root: event.currentTarget.value })}
        >
          {stored.map((each) => (
            <option key={each.root} value={each.root}>
              {each.root} · {each.name}
            </option>
          ))}
        </select>
        <Segments
          label="Timeframe"
          options={TIMEFRAMES}
          value={timeframe}
          text={(each) => TIMEFRAME_LABELS[each]}
          choose={(next) => setValues({ timeframe: next })}
        />
        <nav class="trail" aria-label="Level">
          {trail(place).map((step, index, all) => (
            <button
              key={step.name}
              type="button"
              aria-current={index === all.length - 1 ? 'true' : undefined}
              onClick={() => enter(step.place)}
            >
              {step.name}
            </button>
          ))}
        </nav>
      </div>
      <CoverageKey />
      {answer.data ? (
        answer.data.level === 'minutes' ? (
          <Minutes runs={answer.data.runs ?? []} zoneName={zone} />
        ) : (
          <Cells
            level={answer.data.level}
            cells={answer.data.cells ?? []}
            look={setCell}
            enter={(key) => enter(placeOfKey(key))}
          />
        )
      ) : (
        <Waiting error={answer.error} retry={answer.reload} />
      )}
      {cell && <CellReason cell={cell} />}
    </div>
  );
}

// Candles where there are any; they are what most roots begin with.
function firstTimeframe(roots: Root[], name: string): (typeof TIMEFRAMES)[number] {
  const tables = roots.find((root) => root.root === name)?.tables ?? [];
  return tables.some((table) => table.table.startsWith('candles_')) ? 'candles' : '1m';
}

function CellReason({ cell }: { cell: CoverageCell }) {
  return (
    <p class="reason" role="status">
      <b>{cell.key}</b> {cell.reason || 'Nothing is missing.'}
    </p>
  );
}
