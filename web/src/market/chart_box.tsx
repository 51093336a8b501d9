// Joins a chart's data to its canvas and its keys.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LiveData, Root } from '../api/types';
import * as format from '../format';
import { RESOLUTION_LABELS, type ChartChoice } from '../route';
import { useStore } from '../store';
import { theme } from '../theme';
import type { Zone } from '../zone';
import { chartKey } from './chart_keys';
import { ChartModel } from './chart_model';
import type { CvdMode } from './cvd';
import { spoken } from './legend';
import type { ChartNews } from './panel';
import { fitting } from './choice_bar';

export interface ChartBoxProps {
  choice: ChartChoice;
  root: Root;
  zone: Zone;
  cvd: CvdMode;
  profile: boolean;
  hidden: boolean;
  tell: (news: Partial<ChartNews>) => void;
  tellLive: (live: LiveData) => void;
  hover: (row: number | null) => void;
  choose: (choice: ChartChoice) => void;
}

// Mounted anew for each choice: its data, connection and canvas end with it.
export function ChartBox(props: ChartBoxProps) {
  const { choice, root, zone, cvd, profile } = props;
  const box = useRef<HTMLDivElement>(null);
  const model = useRef<ChartModel | null>(null);
  const colors = useStore(theme);
  const [said, setSaid] = useState('');

  useEffect(() => {
    const now = theme.get();
    if (!box.current || !now) return;
    props.tell({ rows: [], cvd: [], loading: true, problem: null, source: null });
    const made = new ChartModel(box.current, choice, root, now, zone, {
      tell: props.tell,
      live: props.tellLive,
      hover: props.hover,
    });
    model.current = made;
    made.setCvdMode(cvd);
    made.setProfile(profile);
    made.start();
    return () => {
      made.stop();
      model.current = null;
    };
  }, []);
  useEffect(() => model.current?.setCvdMode(cvd), [cvd]);
  useEffect(() => model.current?.setProfile(profile), [profile]);
  useEffect(() => model.current?.setZone(zone), [zone]);
  useEffect(() => {
    if (colors) model.current?.setTheme(colors);
  }, [colors]);

  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !model.current) return;
    const done = chartKey(event, model.current, (resolution) =>
      props.choose(fitting({ ...choice, resolution })),
    );
    if (!done) return;
    event.preventDefault();
    const row = model.current.cursorRow();
    setSaid(row ? spoken(row, root, zone) : '');
  };

  return (
    <div class={`chart-box${props.hidden ? ' hidden' : ''}`}>
      <div
        class="canvas"
        ref={box}
        tabIndex={0}
        role="application"
        aria-roledescription="chart"
        aria-label={describe(choice, root)}
        onKeyDown={onKey}
        onBlur={() => model.current?.leave()}
      />
      <p class="unseen" role="log" aria-live="polite">
        {said}
      </p>
    </div>
  );
}

function describe(choice: ChartChoice, root: Root): string {
  const tick = root.tick === null ? '' : `, tick ${format.decimal(root.tick, 7)}`;
  return (
    `${root.name}, candles of ${RESOLUTION_LABELS[choice.resolution]}, volume, volume delta and CVD${tick}. ` +
    'Arrow keys move through the rows; the table has the same numbers.'
  );
}
