// A feed and a canvas, joined: rows become points, and what is seen decides what is loaded.
import { get, isAbort } from '../api/client';
import type { LiveData, Root, VolumeAtPrice } from '../api/types';
import { RESOLUTION_SECONDS, type ChartChoice } from '../route';
import type { Theme } from '../theme';
import type { Zone } from '../zone';
import { buildAxis, extendAxis, type Axis } from './axis';
import { Chart, type ChartData } from './chart';
import type { Steerable } from './chart_keys';
import { cvdValues, type CvdMode } from './cvd';
import { ChartFeed } from './feed';
import type { ChartNews } from './panel';
import type { Row } from './rows';

export interface ModelEvents {
  tell(news: Partial<ChartNews>): void;
  live(state: LiveData): void;
  hover(row: number | null): void;
}

// Older rows are asked for before their end comes into sight.
const AHEAD_SCREENS = 0.5;
const PROFILE_REST_MS = 250;
// Each point is changed by itself; beyond so many, all anew is faster.
const UPDATED_ROWS_MAX = 200;
const CROWDED_SLOTS = 6_000;
const CROWDED_MS = 5_000;

export class ChartModel implements Steerable {
  private readonly chart: Chart;
  private readonly feed: ChartFeed;
  private axis: Axis;
  private mode: CvdMode = 'continuous';
  private profile = false;
  private profileTimer: ReturnType<typeof setTimeout> | undefined;
  private profileRange = '';
  private readonly abort = new AbortController();
  private cursor: number | null = null;
  private changeTimer: ReturnType<typeof setTimeout> | undefined;
  private firstChanged = Infinity;

  constructor(
    element: HTMLElement,
    private readonly choice: ChartChoice,
    root: Root,
    colors: Theme,
    zone: Zone,
    private readonly events: ModelEvents,
  ) {
    this.feed = new ChartFeed(choice, {
      rebuilt: (fresh) => this.rebuild(fresh),
      changed: (first) => this.change(first),
      said: (problem) => events.tell({ problem }),
      live: (state) => events.live(state),
      busy: (loading) => events.tell({ loading }),
    });
    this.axis = buildAxis([], this.feed.marks, choice.resolution);
    this.chart = new Chart(element, colors, zone, choice.resolution, root.price_format, root.tick, {
      hover: (row) => {
        this.cursor = row;
        events.hover(row);
      },
      range: (from, to) => this.seen(from, to),
    });
  }

  start(): void {
    this.feed.start();
  }

  stop(): void {
    clearTimeout(this.profileTimer);
    clearTimeout(this.changeTimer);
    this.abort.abort();
    this.feed.stop();
    this.chart.close();
  }

  setCvdMode(mode: CvdMode): void {
    if (mode === this.mode) return;
    this.mode = mode;
    this.chart.setCvdTitle(mode === 'reset' ? 'CVD per trade date' : 'CVD');
    this.redraw();
  }

  setProfile(shown: boolean): void {
    this.profile = shown;
    this.profileRange = '';
    if (shown) this.planProfile();
    else this.chart.setProfile(null);
  }

  setZone(zone: Zone): void {
    this.chart.setZone(zone);
  }

  setTheme(colors: Theme): void {
    this.chart.setTheme(colors);
  }

  cursorRow(): Row | null {
    return this.cursor === null ? null : (this.feed.rows.all[this.cursor] ?? null);
  }

  step(by: number): void {
    this.cursor = this.chart.step(by);
    this.events.hover(this.cursor);
  }
  zoom(factor: number): void {
    this.chart.zoom(factor);
  }
  pan(share: number): void {
    this.chart.pan(share);
  }
  showAll(): void {
    this.chart.showAll();
  }
  showLatest(): void {
    this.chart.showLatest();
  }
  leave(): void {
    this.cursor = null;
    this.chart.clearCursor();
    this.events.hover(null);
  }

  private data(): ChartData {
    const rows = this.feed.rows.all;
    return { rows, axis: this.axis, cvd: cvdValues(rows, this.mode) };
  }

  private news(data: ChartData): void {
    const { marks, source } = this.feed;
    this.events.tell({ rows: data.rows.slice(), cvd: data.cvd, marks, source });
  }

  private rebuild(fresh: boolean): void {
    clearTimeout(this.changeTimer);
    this.changeTimer = undefined;
    this.firstChanged = Infinity;
    this.axis = buildAxis(this.feed.rows.all, this.feed.marks, this.choice.resolution);
    const data = this.data();
    this.chart.setData(data, fresh);
    this.news(data);
    this.planProfile();
  }

  private redraw(): void {
    if (this.feed.rows.all.length === 0) return;
    const data = this.data();
    this.chart.setData(data);
    this.news(data);
  }

  // With so much in sight that many rows share a pixel, one more row cannot be seen, and drawing it puts all of them
  // together anew: then new rows wait for each other.
  private change(first: number): void {
    this.firstChanged = Math.min(this.firstChanged, first);
    if (this.changeTimer !== undefined) return;
    const slots = this.chart.visibleSlots();
    const crowded = slots !== null && slots.to - slots.from > CROWDED_SLOTS;
    const drawIt = () => {
      this.changeTimer = undefined;
      this.drawChange(this.firstChanged);
      this.firstChanged = Infinity;
    };
    if (crowded) this.changeTimer = setTimeout(drawIt, CROWDED_MS);
    else drawIt();
  }

  private drawChange(first: number): void {
    const rows = this.feed.rows.all;
    const { marks } = this.feed;
    const added = rows.length > this.axis.slotOfRow.length;
    const fits = !added || extendAxis(this.axis, rows, marks, this.choice.resolution);
    if (!fits || rows.length - first > UPDATED_ROWS_MAX) return this.rebuild(false);
    const data = this.data();
    this.chart.update(data, first);
    this.news(data);
  }

  private seen(from: number, to: number): void {
    if (from < (to - from) * AHEAD_SCREENS) void this.feed.loadEarlier();
    this.planProfile();
  }

  private planProfile(): void {
    if (!this.profile) return;
    clearTimeout(this.profileTimer);
    this.profileTimer = setTimeout(() => void this.askProfile(), PROFILE_REST_MS);
  }

  private async askProfile(): Promise<void> {
    const slots = this.chart.visibleSlots();
    const last = this.axis.times.length - 1;
    if (!slots || last < 0) return;
    const at = (slot: number) => this.axis.times[Math.min(Math.max(slot, 0), last)] as number;
    const from = at(Math.ceil(slots.from));
    const to = at(Math.floor(slots.to)) + RESOLUTION_SECONDS[this.choice.resolution];
    if (`${from} ${to}` === this.profileRange) return;
    this.profileRange = `${from} ${to}`;
    const { root, contract } = this.choice;
    // Of a deferred month it is the contract that is that month now.
    const symbol = contract === 'front' ? undefined : this.feed.rows.last?.symbol;
    try {
      const answer = await get<VolumeAtPrice>(
        'api/volume-at-price',
        { root, from, to, symbol },
        this.abort.signal,
      );
      if (this.profile && !this.abort.signal.aborted) this.chart.setProfile(answer);
    } catch (error) {
      if (!isAbort(error)) this.chart.setProfile(null);
    }
  }
}
