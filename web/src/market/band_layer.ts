// Draws behind a pane what its times mean: closed markets and holidays shaded, gaps hatched, switches of the front
// month and beginnings of trade dates as lines. The topmost pane has their names, the others their own.
import type {
  IPanePrimitive,
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  PaneAttachedParameter,
  Time,
} from 'lightweight-charts';
import { FONT, type Theme } from '../theme';
import type { Axis, Band } from './axis';

type Target = Parameters<IPrimitivePaneRenderer['draw']>[0];

const HATCH_STEP = 6;
const LABEL_HEIGHT = 14;

const FILL = {
  closed: 'closed',
  holiday: 'holiday',
  halted: 'holiday',
  gap: 'gap',
  repaired: 'repaired',
} as const;

export class BandLayer implements IPanePrimitive {
  private attachedTo: PaneAttachedParameter | null = null;
  private axis: Axis | null = null;
  private colors: Theme | null = null;
  private readonly views: IPrimitivePaneView[];

  // `title`: of the pane; null for the one that names the bands.
  constructor(private title: string | null) {
    const view = (zOrder: 'bottom' | 'top', draw: (context: Context) => void) => ({
      zOrder: () => zOrder,
      renderer: () => ({ draw: (target: Target) => this.withContext(target, draw) }),
    });
    this.views = [
      view('bottom', (context) => this.drawBands(context)),
      view('top', (context) => this.drawNames(context)),
    ];
  }

  attached(parameter: PaneAttachedParameter<Time>): void {
    this.attachedTo = parameter;
  }
  detached(): void {
    this.attachedTo = null;
  }
  paneViews(): readonly IPrimitivePaneView[] {
    return this.views;
  }

  setAxis(axis: Axis): void {
    this.axis = axis;
    this.attachedTo?.requestUpdate();
  }
  setColors(colors: Theme): void {
    this.colors = colors;
    this.attachedTo?.requestUpdate();
  }

  setTitle(title: string): void {
    this.title = title;
    this.attachedTo?.requestUpdate();
  }

  private withContext(target: Target, draw: (context: Context) => void): void {
    const { axis, colors, attachedTo } = this;
    if (!axis || !colors || !attachedTo) return;
    const scale = attachedTo.chart.timeScale();
    const range = scale.getVisibleLogicalRange();
    if (!range) return;
    // Half a slot: a band begins where its first slot does, not in that slot's middle.
    const half = scale.width() / Math.max(range.to - range.from, 1) / 2;
    target.useMediaCoordinateSpace(({ context: canvas, mediaSize }) =>
      draw({
        canvas,
        axis,
        colors,
        ...mediaSize,
        left: (slot) => (scale.logicalToCoordinate(slot as never) ?? -1e6) - half,
        right: (slot) => (scale.logicalToCoordinate(slot as never) ?? 1e6) + half,
        sees: (from, to) => to >= range.from - 1 && from <= range.to + 1,
      }),
    );
  }

  private drawBands(context: Context): void {
    const { canvas, axis, colors, height, left, right, sees } = context;
    for (const band of axis.bands) {
      if (!sees(band.from, band.to)) continue;
      const [from, to] = [left(band.from), right(band.to)];
      const width = Math.max(to - from, 1);
      canvas.fillStyle = colors[FILL[band.kind]];
      canvas.fillRect(from, 0, width, height);
      if (band.kind === 'gap' || band.kind === 'repaired') hatch(context, band, from, width);
    }
    canvas.lineWidth = 1;
    canvas.strokeStyle = colors.line;
    // So close that they would be a grey ground, lines say nothing.
    const visible = axis.dates.filter((slot) => sees(slot, slot));
    if (visible.length <= context.width / 12) for (const slot of visible) line(context, slot, []);
    canvas.strokeStyle = colors.switch;
    for (const each of axis.switches)
      if (sees(each.slot, each.slot)) line(context, each.slot, [4, 3]);
  }

  private drawNames(context: Context): void {
    const { canvas, axis, colors, left, right, sees } = context;
    canvas.textBaseline = 'middle';
    if (this.title !== null) {
      canvas.font = `11px ${FONT}`;
      canvas.fillStyle = colors.panel;
      canvas.fillRect(8, 3, canvas.measureText(this.title).width + 8, LABEL_HEIGHT);
      canvas.fillStyle = colors.soft;
      canvas.fillText(this.title, 12, 3 + LABEL_HEIGHT / 2);
      return;
    }
    canvas.font = `10px ${FONT}`;
    const taken: Taken = Array.from({ length: NAME_ROWS }, () => []);
    for (const each of axis.switches)
      if (sees(each.slot, each.slot))
        name(context, taken, `${each.from} → ${each.to}`, left(each.slot) + 3, colors.switch);
    const ordered = [...axis.bands].sort((a, b) => rank(a) - rank(b));
    for (const band of ordered) {
      if (!sees(band.from, band.to) || band.kind === 'closed') continue;
      const color = band.kind === 'gap' ? colors['gap-line'] : colors.soft;
      const from = Math.max(left(band.from), 0);
      if (right(band.to) > 0) name(context, taken, band.name, from + 3, color);
    }
  }
}

interface Context {
  canvas: CanvasRenderingContext2D;
  axis: Axis;
  colors: Theme;
  width: number;
  height: number;
  left(slot: number): number;
  right(slot: number): number;
  sees(from: number, to: number): boolean;
}

// Gaps are named before holidays when there is no room for both.
function rank(band: Band): number {
  return band.kind === 'gap' ? 0 : 1;
}

function line({ canvas, height, left }: Context, slot: number, dash: number[]): void {
  const x = Math.round(left(slot)) + 0.5;
  canvas.setLineDash(dash);
  canvas.beginPath();
  canvas.moveTo(x, 0);
  canvas.lineTo(x, height);
  canvas.stroke();
  canvas.setLineDash([]);
}

function hatch({ canvas, colors, height }: Context, band: Band, from: number, width: number): void {
  canvas.save();
  canvas.beginPath();
  canvas.rect(from, 0, width, height);
  canvas.clip();
  canvas.strokeStyle = band.kind === 'gap' ? colors['gap-line'] : colors.soft;
  canvas.lineWidth = 0.75;
  canvas.beginPath();
  // A band may be far wider than what can be seen.
  const start = Math.max(from, -height) - height;
  const end = Math.min(from + width, canvas.canvas.width);
  for (let x = start - (start % HATCH_STEP); x < end; x += HATCH_STEP) {
    canvas.moveTo(x, height);
    canvas.lineTo(x + height, 0);
  }
  canvas.stroke();
  canvas.restore();
}

const NAME_ROWS = 3;
type Taken = [from: number, to: number][][];

// Names stand in rows below the top; one that would cover others in every row is left out.
function name(context: Context, taken: Taken, text: string, at: number, color: string) {
  const { canvas, colors } = context;
  const width = canvas.measureText(text).width + 6;
  const x = Math.min(at, context.width - width);
  const row = taken.findIndex((names) => names.every(([from, to]) => x + width < from || x > to));
  if (row < 0) return;
  taken[row]?.push([x, x + width]);
  const y = 3 + row * (LABEL_HEIGHT + 1);
  canvas.fillStyle = colors.panel;
  canvas.fillRect(x, y, width, LABEL_HEIGHT);
  canvas.fillStyle = color;
  canvas.fillText(text, x + 3, y + LABEL_HEIGHT / 2);
}
