// A result as lines; uPlot is fetched when the first one is drawn.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { QueryAnswer } from '../api/types';
import * as format from '../format';
import { useStore } from '../store';
import { FONT, theme, type ColorName, type Theme } from '../theme';
import { Empty } from '../widgets/notice';
import { defaultX, plotData, seriesChoices, type PlotData } from './plot_data';

const LINES: ColorName[] = ['accent', 'down', 'up', 'cvd', 'switch', 'grey'];
const HEIGHT = 320;
// By the distance of two marks in seconds: the mark, and what stands below it where a year or a day begins.
const DAY = '\n{YYYY}-{MM}-{DD}';
const TIME_MARKS: (string | number | null)[][] = [
  [31_536_000, '{YYYY}', null, null, null, null, null, null, 1],
  [2_419_200, '{MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [86_400, '{MM}-{DD}', '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', DAY, null, DAY, null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', DAY, null, DAY, null, null, null, 1],
];

export function Plot({ answer }: { answer: QueryAnswer }) {
  const [x, setX] = useState(() => defaultX(answer));
  const choices = useMemo(() => seriesChoices(answer, x), [answer, x]);
  const [left, setLeft] = useState<ReadonlySet<number>>(new Set());
  const drawn = choices.filter((index) => !left.has(index));
  const data = useMemo(() => plotData(answer, x, drawn), [answer, x, drawn.join()]);
  const toggle = (index: number) => {
    const next = new Set(left);
    if (!next.delete(index)) next.add(index);
    setLeft(next);
  };
  return (
    <div class="plot">
      <div class="toolbar">
        <label class="field">
          x
          <select value={x} onChange={(event) => setX(Number(event.currentTarget.value))}>
            {answer.columns.map((column, index) => (
              <option key={column.name} value={index}>
                {column.name}
              </option>
            ))}
          </select>
        </label>
        {choices.map((index) => (
          <label key={index} class="field">
            <input type="checkbox" checked={!left.has(index)} onChange={() => toggle(index)} />
            {answer.columns[index]?.name}
          </label>
        ))}
      </div>
      {data ? <Canvas data={data} /> : <Empty>This result has no numbers to draw.</Empty>}
    </div>
  );
}

function Canvas({ data }: { data: PlotData }) {
  const box = useRef<HTMLDivElement>(null);
  const colors = useStore(theme);
  useEffect(() => {
    const element = box.current;
    if (!element || !colors) return;
    let ended = false;
    let end = () => {};
    void draw(element, data, colors).then((stop) => {
      if (ended) stop();
      else end = stop;
    });
    return () => {
      ended = true;
      end();
    };
  }, [data, colors]);
  const names = data.series.map((each) => each.name).join(', ');
  return (
    <div
      ref={box}
      class="plot-box"
      role="img"
      aria-label={`Chart of ${names}; the grid has the numbers`}
    />
  );
}

// Returns what removes it.
async function draw(element: HTMLElement, data: PlotData, colors: Theme): Promise<() => void> {
  const [{ default: UPlot }] = await Promise.all([
    import('uplot'),
    import('uplot/dist/uPlot.min.css'),
  ]);
  const axis = {
    stroke: colors.soft,
    grid: { stroke: colors.grid },
    ticks: { stroke: colors.line },
  };
  const font = `11px ${FONT}`;
  const labels = data.labels;
  const plot = new UPlot(
    {
      width: element.clientWidth,
      height: HEIGHT,
      tzDate: (second) => UPlot.tzDate(new Date(second * 1000), 'UTC'),
      scales: { x: { time: data.isTime } },
      axes: [
        {
          ...axis,
          font,
          ...(labels
            ? { values: (_: unknown, at: number[]) => at.map((place) => labels[place] ?? '') }
            : data.isTime
              ? { values: TIME_MARKS }
              : {}),
        },
        { ...axis, font, size: 72, values: (_, at) => at.map((value) => short(value)) },
      ],
      series: [
        data.isTime ? { label: 'time', value: '{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}' } : {},
        ...data.series.map((each, index) => ({
          label: each.name,
          stroke: colors[LINES[index % LINES.length] as ColorName],
          width: 1.25,
          spanGaps: false,
        })),
      ],
    },
    [data.x, ...data.series.map((each) => each.values)],
    element,
  );
  const observer = new ResizeObserver(() =>
    plot.setSize({ width: element.clientWidth, height: HEIGHT }),
  );
  observer.observe(element);
  return () => {
    observer.disconnect();
    plot.destroy();
  };
}

function short(value: number): string {
  if (Math.abs(value) >= 1e4) return format.short(value);
  return String(Number(value.toPrecision(7)));
}
