// One chart with its choices, the row under its cross-hair, and what its market does.
import { useCallback, useState } from 'preact/hooks';
import type { LiveData, Marks, Root } from '../api/types';
import type { ChartChoice } from '../route';
import { settings } from '../settings';
import { useStore } from '../store';
import { useMemo } from 'preact/hooks';
import { Empty, Problem } from '../widgets/notice';
import { Zone } from '../zone';
import { ChartBox } from './chart_box';
import { ChoiceBar } from './choice_bar';
import { Inspector } from './inspector';
import { Legend } from './legend';
import type { Shown } from './market';
import { NO_MARKS } from './feed';
import { MarkList } from './mark_list';
import { MarketState } from './market_state';
import { RowTable } from './row_table';
import type { Row } from './rows';

export interface PanelProps {
  choice: ChartChoice;
  roots: Root[];
  shown: Shown;
  inspector: boolean;
  active: boolean;
  activate: () => void;
  choose: (choice: ChartChoice) => void;
  close?: () => void;
}

// What a chart has told about itself.
export interface ChartNews {
  rows: readonly Row[];
  cvd: readonly (number | null)[]; // as its pane shows it
  marks: Marks; // of the time that is loaded
  source: string | null;
  loading: boolean;
  problem: string | null;
}

const NOTHING: ChartNews = {
  rows: [],
  cvd: [],
  marks: NO_MARKS,
  source: null,
  loading: true,
  problem: null,
};

export function Panel(props: PanelProps) {
  const { choice, roots, shown } = props;
  const root = roots.find((each) => each.root === choice.root);
  const { zone: zoneChoice } = useStore(settings);
  const zone = useMemo(
    () => (zoneChoice === 'local' || !root ? Zone.local() : new Zone(root.timezone)),
    [zoneChoice, root?.timezone],
  );
  const [news, setNews] = useState<ChartNews>(NOTHING);
  const [live, setLive] = useState<LiveData | null>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  const tell = useCallback(
    (part: Partial<ChartNews>) => setNews((old) => ({ ...old, ...part })),
    [],
  );
  if (!root)
    return (
      <section class="panel">
        <div class="panel-head">
          <ChoiceBar {...props} />
          {props.close && <CloseButton root={choice.root} close={props.close} />}
        </div>
        <Empty>{choice.root} is not a root of the registry.</Empty>
      </section>
    );
  const index = hovered ?? news.rows.length - 1;
  const row = news.rows[index] ?? null;
  const empty = news.rows.length === 0 && !news.loading && !news.problem;
  return (
    <section
      class={`panel${props.active ? ' active' : ''}`}
      aria-label={`${choice.root} chart`}
      onPointerDown={props.activate}
      onFocusCapture={props.activate}
    >
      <div class="panel-head">
        <ChoiceBar {...props} />
        <MarketState live={live} root={root} />
        {props.close && <CloseButton root={choice.root} close={props.close} />}
      </div>
      <Legend
        row={row}
        cvd={news.cvd[index] ?? null}
        root={root}
        zone={zone}
        loading={news.loading}
      />
      {news.problem && <Problem text={news.problem} />}
      {empty && (
        <Empty>
          No rows of {choice.root} at this resolution. {live?.reason}
        </Empty>
      )}
      <MarkList marks={news.marks} zone={zone} />
      <div class="panel-body">
        <ChartBox
          key={`${choice.root} ${choice.resolution} ${choice.contract}`}
          choice={choice}
          root={root}
          zone={zone}
          cvd={shown.cvd}
          profile={shown.profile}
          hidden={shown.table || empty}
          tell={tell}
          tellLive={setLive}
          hover={setHovered}
          choose={props.choose}
        />
        {shown.table && !empty && <RowTable rows={news.rows} root={root} zone={zone} />}
        {props.inspector && row && (
          <Inspector row={row} choice={choice} root={root} zone={zone} source={news.source} />
        )}
      </div>
    </section>
  );
}

function CloseButton({ root, close }: { root: string; close: () => void }) {
  return (
    <button type="button" class="close" aria-label={`Close ${root} chart`} onClick={close}>
      ×
    </button>
  );
}
