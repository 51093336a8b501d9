// The canvas: price with volume, volume delta and CVD over one time axis. Knows nothing of the server.
import {
  CandlestickSeries,
  createChart,
  CrosshairMode,
  HistogramSeries,
  LineSeries,
  type IChartApi,
  type ISeriesApi,
  type LogicalRange,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts';
import type { PriceFormat } from '../api/types';
import * as format from '../format';
import type { Resolution } from '../route';
import { FONT, type Theme } from '../theme';
import { wallParts, type Zone } from '../zone';
import type { Axis } from './axis';
import { BandLayer } from './band_layer';
import { ProfileLayer, type Profile } from './profile_layer';
import { seriesPoints, wallTimes } from './points';
import type { Row } from './rows';
import { Tail } from './tail';
import { tickLabel } from './tick_label';

export interface ChartData {
  rows: readonly Row[];
  axis: Axis;
  cvd: (number | null)[];
}

export interface ChartEvents {
  // The row under the cross-hair; null where there is none.
  hover(row: number | null): void;
  // Slots that can be seen; may reach beyond the axis on both sides.
  range(from: number, to: number): void;
}

const PANE_SHARES = [0.62, 0.17, 0.21];
const PANE_TITLES = [null, 'Volume delta', 'CVD'];
const VISIBLE_ROWS = 240;

export class Chart {
  private readonly chart: IChartApi;
  private readonly price: Tail<ISeriesApi<'Candlestick'>>;
  private readonly volume: Tail<ISeriesApi<'Histogram'>>;
  private readonly delta: Tail<ISeriesApi<'Histogram'>>;
  private readonly cvd: Tail<ISeriesApi<'Line'>>;
  private readonly bands: BandLayer[];
  private readonly profile = new ProfileLayer();
  private data: ChartData | null = null;
  private times: number[] = [];
  private cursor: number | null = null;

  constructor(
    element: HTMLElement,
    private colors: Theme,
    private zone: Zone,
    private resolution: Resolution,
    priceFormat: PriceFormat,
    tick: number | null,
    private readonly events: ChartEvents,
  ) {
    const intervalSeconds = resolution === '1s' || resolution === 'seconds';
    this.chart = createChart(element, {
      autoSize: true,
      // Its logo brings a style sheet that the Content-Security-Policy forbids; the page names the library instead.
      layout: {
        attributionLogo: false,
        fontFamily: FONT,
        fontSize: 11,
        panes: { enableResize: true },
      },
      crosshair: { mode: CrosshairMode.Normal },
      rightPriceScale: { borderVisible: false, minimumWidth: 68 },
      timeScale: {
        borderVisible: false,
        timeVisible: resolution !== '1d',
        secondsVisible: intervalSeconds,
        minBarSpacing: 0.005,
        rightOffset: 6,
        // Without it 50,000 candles are drawn one by one, at three frames a second. Not precomputed: that would be done
        // anew with every row that comes.
        enableConflation: true,
        tickMarkFormatter: (time: Time, type: number) => tickLabel(time as number, type),
      },
      localization: { timeFormatter: (time: Time) => this.crossLabel(time as number) },
      kineticScroll: { mouse: false, touch: true },
    });
    const own = { type: 'custom', minMove: tick ?? 0.01 } as const;
    const price = this.chart.addSeries(CandlestickSeries, {
      priceFormat: { ...own, formatter: (value: number) => format.price(value, priceFormat) },
      borderVisible: false,
    });
    const counted = {
      type: 'custom',
      minMove: 1,
      formatter: (value: number) => format.contracts(value),
    } as const;
    const volume = this.chart.addSeries(HistogramSeries, {
      priceFormat: counted,
      priceScaleId: 'volume',
      lastValueVisible: false,
      priceLineVisible: false,
    });
    volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    price.priceScale().applyOptions({ scaleMargins: { top: 0.09, bottom: 0.19 } });
    const delta = this.chart.addSeries(
      HistogramSeries,
      { priceFormat: counted, priceLineVisible: false },
      1,
    );
    const cvd = this.chart.addSeries(
      LineSeries,
      { priceFormat: counted, priceLineVisible: false, lineWidth: 1, crosshairMarkerRadius: 3 },
      2,
    );
    for (const scale of [delta.priceScale(), cvd.priceScale()])
      scale.applyOptions({ scaleMargins: { top: 0.16, bottom: 0.08 } });
    this.price = new Tail(price);
    this.volume = new Tail(volume);
    this.delta = new Tail(delta);
    this.cvd = new Tail(cvd);
    const panes = this.chart.panes();
    panes.forEach((pane, index) => pane.setStretchFactor(PANE_SHARES[index] ?? 0.2));
    this.bands = panes.map((pane, index) => {
      const layer = new BandLayer(PANE_TITLES[index] ?? null);
      pane.attachPrimitive(layer);
      return layer;
    });
    price.attachPrimitive(this.profile);
    this.setTheme(colors);
    this.chart.subscribeCrosshairMove((event) => {
      if (event.logical === undefined) return;
      this.cursor = event.point ? event.logical : null;
      this.events.hover(event.point ? this.rowAt(event.logical) : null);
    });
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => this.tellRange(range));
  }

  close(): void {
    this.chart.remove();
  }

  setTheme(colors: Theme): void {
    this.colors = colors;
    const line = { color: colors.cross, labelBackgroundColor: colors.soft };
    this.chart.applyOptions({
      layout: {
        background: { color: colors.panel },
        textColor: colors.soft,
        panes: { separatorColor: colors.line, separatorHoverColor: colors.line },
      },
      grid: { vertLines: { color: colors.grid }, horzLines: { color: colors.grid } },
      crosshair: { vertLine: line, horzLine: line },
    });
    this.price.series.applyOptions({
      upColor: colors.up,
      downColor: colors.down,
      wickUpColor: colors.up,
      wickDownColor: colors.down,
    });
    this.cvd.series.applyOptions({ color: colors.cvd });
    for (const layer of this.bands) layer.setColors(colors);
    this.profile.setColors(colors);
    if (this.data) this.setData(this.data);
  }

  setZone(zone: Zone): void {
    this.zone = zone;
    if (this.data) this.setData(this.data);
  }

  // All data anew. What is seen stays where it is: the axis is held at its right end.
  setData(data: ChartData, fresh = false): void {
    this.data = data;
    this.times = wallTimes(data.axis, this.zone);
    const points = seriesPoints(data.rows, data.axis, data.cvd, this.times, this.colors);
    this.price.set(points.price);
    this.volume.set(points.volume);
    this.delta.set(points.delta);
    this.cvd.set(points.cvd);
    this.drawLayers();
    if (fresh) this.showLatest();
  }

  // Rows from `first` on have changed or are new; the axis has their slots at its end. What is seen stays, or follows
  // the newest row where that was in sight.
  update(data: ChartData, first: number): void {
    const before = this.visibleSlots();
    const end = this.times.length - 1;
    this.data = data;
    const from = data.axis.slotOfRow[first] ?? 0;
    this.times = wallTimes(data.axis, this.zone, this.times.slice(0, from));
    const points = seriesPoints(data.rows, data.axis, data.cvd, this.times, this.colors, from);
    this.price.put(points.price);
    this.volume.put(points.volume);
    this.delta.put(points.delta);
    this.cvd.put(points.cvd);
    const added = this.times.length - 1 - end;
    const by = before && before.to >= end ? added : 0;
    if (before) this.showSlots(before.from + by, before.to + by);
    this.drawLayers();
  }

  setCvdTitle(title: string): void {
    this.bands[2]?.setTitle(title);
  }

  setProfile(profile: Profile | null): void {
    this.profile.setProfile(profile);
  }

  showLatest(): void {
    const count = this.times.length;
    const from = Math.max(count - VISIBLE_ROWS, 0);
    this.chart.timeScale().setVisibleLogicalRange({ from, to: Math.max(count + 5, 30) });
  }

  showAll(): void {
    this.chart.timeScale().setVisibleLogicalRange({ from: 0, to: this.times.length });
  }

  showSlots(from: number, to: number): void {
    this.chart.timeScale().setVisibleLogicalRange({ from, to });
  }

  visibleSlots(): { from: number; to: number } | null {
    return this.chart.timeScale().getVisibleLogicalRange();
  }

  zoom(factor: number): void {
    const range = this.visibleSlots();
    if (!range) return;
    const half = ((range.to - range.from) * factor) / 2;
    const middle = (range.from + range.to) / 2;
    this.showSlots(middle - half, middle + half);
  }

  pan(share: number): void {
    const range = this.visibleSlots();
    if (!range) return;
    const by = (range.to - range.from) * share;
    this.showSlots(range.from + by, range.to + by);
  }

  // Moves the cross-hair by rows; the chart follows. Returns the row it stands on.
  step(by: number): number | null {
    if (!this.data || this.data.rows.length === 0) return null;
    const range = this.visibleSlots();
    const last = this.data.rows.length - 1;
    const start = this.cursor ?? Math.min(Math.floor(range?.to ?? Infinity), this.times.length - 1);
    const row = this.nearestRow(start);
    const next = Math.min(Math.max(row + by, 0), last);
    const slot = this.data.axis.slotOfRow[next] as number;
    if (range && (slot < range.from || slot > range.to)) {
      const width = range.to - range.from;
      this.showSlots(slot - width / 2, slot + width / 2);
    }
    const at = this.data.rows[next] as Row;
    this.chart.setCrosshairPosition(at.close, this.times[slot] as UTCTimestamp, this.price.series);
    this.cursor = slot;
    return next;
  }

  clearCursor(): void {
    this.cursor = null;
    this.chart.clearCrosshairPosition();
  }

  private rowAt(slot: number): number | null {
    const row = this.data?.axis.rows[Math.round(slot)];
    return row === undefined || row < 0 ? null : row;
  }

  private nearestRow(slot: number): number {
    const rows = this.data?.axis.rows ?? [];
    for (let at = Math.min(slot, rows.length - 1); at >= 0; at--)
      if ((rows[at] as number) >= 0) return rows[at] as number;
    return 0;
  }

  private drawLayers(): void {
    const axis = this.data?.axis;
    if (axis) for (const layer of this.bands) layer.setAxis(axis);
  }

  private tellRange(range: LogicalRange | null): void {
    if (range) this.events.range(range.from, range.to);
  }

  private crossLabel(wall: number): string {
    const parts = wallParts(wall);
    const date = `${parts.weekday} ${parts.year}-${String(parts.month).padStart(2, '0')}-${String(parts.day).padStart(2, '0')}`;
    return this.resolution === '1d' ? date : `${date} ${parts.clock}`;
  }
}
