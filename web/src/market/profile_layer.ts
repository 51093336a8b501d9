// Volume at price of what can be seen: bars from the left edge, the value area darker, a line at the price with the
// most volume.
import type {
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  ISeriesPrimitive,
  SeriesAttachedParameter,
  Time,
} from 'lightweight-charts';
import type { VolumeAtPrice } from '../api/types';
import type { Theme } from '../theme';

export type Profile = Pick<VolumeAtPrice, 'tick' | 'prices' | 'volume' | 'poc' | 'value_area'>;
type Target = Parameters<IPrimitivePaneRenderer['draw']>[0];

const WIDTH_SHARE = 0.16;

export interface Bar {
  low: number; // price
  high: number;
  volume: number;
  inArea: boolean;
}

// Joins neighbouring prices until each bar is at least `height` high in price: thousands of ticks would be
// hairlines.
export function profileBars(profile: Profile, height: number): Bar[] {
  const step = profile.tick * Math.max(Math.ceil(height / profile.tick), 1);
  const bars = new Map<number, Bar>();
  for (const [index, price] of profile.prices.entries()) {
    const key = Math.floor(price / step + 1e-9);
    const bar = bars.get(key) ?? {
      low: key * step - profile.tick / 2,
      high: (key + 1) * step - profile.tick / 2,
      volume: 0,
      inArea: false,
    };
    bar.volume += profile.volume[index] ?? 0;
    const area = profile.value_area;
    if (area && price >= area[0] && price <= area[1]) bar.inArea = true;
    bars.set(key, bar);
  }
  return [...bars.values()];
}

export class ProfileLayer implements ISeriesPrimitive {
  private attachedTo: SeriesAttachedParameter<Time> | null = null;
  private profile: Profile | null = null;
  private colors: Theme | null = null;
  private readonly views: IPrimitivePaneView[] = [
    {
      zOrder: () => 'bottom',
      renderer: () => ({ draw: (target: Target) => this.draw(target) }),
    },
  ];

  attached(parameter: SeriesAttachedParameter<Time>): void {
    this.attachedTo = parameter;
  }
  detached(): void {
    this.attachedTo = null;
  }
  paneViews(): readonly IPrimitivePaneView[] {
    return this.views;
  }

  setProfile(profile: Profile | null): void {
    this.profile = profile;
    this.attachedTo?.requestUpdate();
  }
  setColors(colors: Theme): void {
    this.colors = colors;
    this.attachedTo?.requestUpdate();
  }

  private draw(target: Target): void {
    const { profile, colors, attachedTo } = this;
    if (!profile || !colors || !attachedTo || profile.prices.length === 0) return;
    const series = attachedTo.series;
    const y = (price: number) => series.priceToCoordinate(price) ?? 0;
    const first = profile.prices[0] as number;
    const pixels = Math.abs(y(first) - y(first + profile.tick));
    const bars = profileBars(profile, pixels > 0 ? (profile.tick * 3) / pixels : 0);
    const most = Math.max(...bars.map((bar) => bar.volume), 1);
    target.useMediaCoordinateSpace(({ context, mediaSize }) => {
      for (const bar of bars) {
        const [top, bottom] = [y(bar.high), y(bar.low)];
        context.fillStyle = bar.inArea ? colors['profile-area'] : colors.profile;
        const width = (bar.volume / most) * mediaSize.width * WIDTH_SHARE;
        context.fillRect(0, top, width, Math.max(bottom - top - 0.5, 0.5));
      }
      if (profile.poc === null) return;
      context.strokeStyle = colors.soft;
      context.setLineDash([1, 3]);
      context.beginPath();
      context.moveTo(0, y(profile.poc));
      context.lineTo(mediaSize.width, y(profile.poc));
      context.stroke();
      context.setLineDash([]);
    });
  }
}
