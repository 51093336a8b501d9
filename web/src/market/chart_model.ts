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
import { ChartFeed, contractParameters } from './feed';
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
    const { columns, source } = this.feed;
    this.events.tell({ rows: data.rows.slice(), cvd: data.cvd, columns, source });
  }

  private rebuild(fresh: boolean): void {
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

  private change(first: number): void {
    const rows = this.feed.rows.all;
    const added = rows.length - this.axis.slotOfRow.length;
    if (added === 0 || (added === 1 && this.extend())) {
      const data = this.data();
      this.chart.update(data, first);
      this.news(data);
    } else {
      this.rebuild(false);
    }
  }

  // False when the new row is not the last, or empty slots have to come before it.
  private extend(): boolean {
    const rows = this.feed.rows.all;
    const before = rows[rows.length - 2];
    const end = this.axis.times[this.axis.times.length - 1];
    if (!before || before.time !== end) return false;
    return extendAxis(this.axis, rows, this.feed.marks, this.choice.resolution) !== null;
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
    try {
      const answer = await get<VolumeAtPrice>(
        'api/volume-at-price',
        { root, from, to, ...contractParameters(contract) },
        this.abort.signal,
      );
      if (this.profile) this.chart.setProfile(answer);
    } catch (error) {
      if (!isAbort(error)) this.chart.setProfile(null);
    }
  }
}
