// Charts side by side, and what they share.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Root } from '../api/types';
import { useApi } from '../api/use_api';
import {
  CHARTS_MAX,
  formatCharts,
  parseCharts,
  route,
  setValues,
  type ChartChoice,
} from '../route';
import { change, settings } from '../settings';
import { useStore } from '../store';
import { Empty, Waiting } from '../widgets/notice';
import { Segments } from '../widgets/segments';
import type { CvdMode } from './cvd';
import { KeysHelp } from './keys_help';
import { Panel } from './panel';

export interface Shown {
  cvd: CvdMode;
  profile: boolean;
  table: boolean;
}

function defaultCharts(roots: Root[]): ChartChoice[] {
  const first = roots.find((root) => root.has_rows);
  if (!first) return [];
  const rolling = first.tables.some((table) => table.table === 'candles_1m' && table.rows > 0);
  return [{ root: first.root, resolution: rolling ? '1s' : '1m', contract: 'front' }];
}

export function Market() {
  const { values } = useStore(route);
  const answer = useApi<{ roots: Root[] }>('api/roots', {}, 60_000);
  const roots = answer.data?.roots ?? null;
  const charts = useMemo(() => {
    const named = parseCharts(values['charts'] ?? '');
    return named.length > 0 || !roots ? named : defaultCharts(roots);
  }, [values['charts'], roots]);
  const [active, setActive] = useState(0);
  const [help, setHelp] = useState(false);
  const { inspector } = useStore(settings);
  const shown: Shown = {
    cvd: values['cvd'] === 'reset' ? 'reset' : 'continuous',
    profile: values['profile'] === '1',
    table: values['table'] === '1',
  };

  useShortcuts(shown, () => setHelp(true));
  if (!roots) return <Waiting error={answer.error} retry={answer.reload} />;
  if (charts.length === 0)
    return (
      <Empty>
        The lake holds no candles and no bars yet. <code>frontmonth load</code>,{' '}
        <code>frontmonth candles</code> and <code>frontmonth live</code> put some there.
      </Empty>
    );
  const write = (next: ChartChoice[]) => setValues({ charts: formatCharts(next) });
  const replace = (index: number, choice: ChartChoice) =>
    write(charts.map((chart, at) => (at === index ? choice : chart)));
  const add = () => {
    const used = new Set(charts.map((chart) => chart.root));
    const free = roots.find((root) => root.has_rows && !used.has(root.root));
    const last = charts[charts.length - 1] as ChartChoice;
    write([...charts, free ? { ...last, root: free.root, contract: 'front' } : last]);
    setActive(charts.length);
  };

  return (
    <>
      <Toolbar
        shown={shown}
        inspector={inspector}
        canAdd={charts.length < CHARTS_MAX}
        add={add}
        help={() => setHelp(true)}
      />
      <div class={`charts charts-${charts.length}`}>
        {charts.map((choice, index) => (
          <Panel
            key={index}
            choice={choice}
            roots={roots}
            shown={shown}
            inspector={inspector && (charts.length === 1 || index === active)}
            active={index === active && charts.length > 1}
            activate={() => setActive(index)}
            choose={(next) => replace(index, next)}
            {...(charts.length > 1
              ? { close: () => write(charts.filter((_, at) => at !== index)) }
              : {})}
          />
        ))}
      </div>
      {help && <KeysHelp close={() => setHelp(false)} />}
    </>
  );
}

interface ToolbarProps {
  shown: Shown;
  inspector: boolean;
  canAdd: boolean;
  add: () => void;
  help: () => void;
}

function Toolbar({ shown, inspector, canAdd, add, help }: ToolbarProps) {
  return (
    <div class="toolbar" role="toolbar" aria-label="Charts">
      <span class="field">
        <span aria-hidden="true">CVD</span>
        <Segments
          label="CVD"
          options={['continuous', 'reset'] as const}
          value={shown.cvd}
          text={(mode) => (mode === 'reset' ? 'per trade date' : 'continuous')}
          choose={(mode) => setValues({ cvd: mode === 'reset' ? 'reset' : '' })}
        />
      </span>
      <button
        type="button"
        aria-pressed={shown.profile}
        onClick={() => setValues({ profile: shown.profile ? '' : '1' })}
      >
        Volume at price
      </button>
      <button
        type="button"
        aria-pressed={inspector}
        onClick={() => change({ inspector: !inspector })}
      >
        Columns
      </button>
      <button
        type="button"
        aria-pressed={shown.table}
        onClick={() => setValues({ table: shown.table ? '' : '1' })}
      >
        Table
      </button>
      <span class="spring" />
      <button type="button" disabled={!canAdd} onClick={add}>
        Add chart
      </button>
      <button type="button" onClick={help} aria-haspopup="dialog">
        Keys
      </button>
    </div>
  );
}

// Keys that mean the same wherever the focus is, unless something is being written.
function useShortcuts(shown: Shown, help: () => void): void {
  const latest = useRef({ shown, help });
  latest.current = { shown, help };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (['INPUT', 'SELECT', 'TEXTAREA'].includes(target.tagName)) return;
      const now = latest.current;
      if (event.key === '?') now.help();
      else if (event.key === 'c') setValues({ cvd: now.shown.cvd === 'reset' ? '' : 'reset' });
      else if (event.key === 'v') setValues({ profile: now.shown.profile ? '' : '1' });
      else if (event.key === 't') setValues({ table: now.shown.table ? '' : '1' });
      else if (event.key === 'i') change({ inspector: !settings.get().inspector });
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}
