// A chart's data: the newest rows, older ones as they are asked for, new ones as they come. Draws nothing.
import { get, isAbort, problemText, type Parameters } from '../api/client';
import { columnsOf } from '../api/columns';
import { stream, type RowsEvent } from '../api/stream';
import type { CandleAnswer, LiveData, Marks } from '../api/types';
import { RESOLUTION_SECONDS, type ChartChoice } from '../route';
import { Rows, rowsOf, rowsOfEvent, type Row } from './rows';

const FIRST_ROWS = 5_000;
const PAGE_ROWS = 10_000;
// What a browser holds without effort; beyond it a coarser resolution is what helps.
export const ROWS_MAX = 300_000;
const LIVE_DATA_MS = 5_000;
const FOLLOW_MS = 4_000;
// Rows may still change for a minute; a reread begins before that.
const REREAD_SECONDS = 130;

export interface FeedEvents {
  // Everything is new (`fresh`), or older rows have come.
  rebuilt(fresh: boolean): void;
  // Rows from this index on have changed or are new.
  changed(first: number): void;
  said(text: string | null): void; // what is wrong at present
  live(state: LiveData): void;
  busy(loading: boolean): void;
}

export const NO_MARKS: Marks = { sessions: [], holidays: [], switches: [], gaps: [] };

export class ChartFeed {
  readonly rows = new Rows();
  marks: Marks = NO_MARKS;
  source: string | null = null;
  earlier = false;
  private readonly abort = new AbortController();
  private readonly ends: (() => void)[] = [];
  private loading = false;
  private again = false; // something came while a request was under way: read once more

  private readonly events: FeedEvents;

  constructor(
    private readonly choice: ChartChoice,
    events: FeedEvents,
  ) {
    // An answer may be on its way through when the feed stops: what hears of it is gone by then.
    const unlessStopped =
      <Told extends unknown[]>(tell: (...told: Told) => void) =>
      (...told: Told) => {
        if (!this.abort.signal.aborted) tell(...told);
      };
    this.events = {
      rebuilt: unlessStopped((fresh: boolean) => events.rebuilt(fresh)),
      changed: unlessStopped((first: number) => events.changed(first)),
      said: unlessStopped((text: string | null) => events.said(text)),
      live: unlessStopped((state: LiveData) => events.live(state)),
      busy: unlessStopped((loading: boolean) => events.busy(loading)),
    };
  }

  start(): void {
    void this.load();
    this.every(LIVE_DATA_MS, () => this.askLive());
    void this.askLive();
    if (this.isStreamed()) {
      const end = stream().follow(this.choice.root, {
        rows: (event) => this.take(event),
        reset: () => void this.reread(),
      });
      this.ends.push(end);
    } else {
      this.every(FOLLOW_MS * (RESOLUTION_SECONDS[this.choice.resolution] > 60 ? 4 : 1), () =>
        this.reread(),
      );
    }
  }

  stop(): void {
    this.abort.abort();
    for (const end of this.ends) end();
  }

  // The rows before the first; does nothing while a request is under way or nothing is left.
  async loadEarlier(): Promise<void> {
    const first = this.rows.first;
    if (!first || !this.earlier || this.loading) return;
    if (this.rows.all.length >= ROWS_MAX) return;
    this.loading = true;
    this.events.busy(true);
    try {
      const answer = await this.ask({ before: first.time, limit: PAGE_ROWS });
      const older = rowsOf(columnsOf(answer));
      this.earlier = answer.earlier && older.length > 0;
      this.events.said(null);
      await this.addMarks(older);
      if (this.rows.prepend(older) > 0) this.events.rebuilt(false);
    } catch (error) {
      this.fail(error);
    } finally {
      this.loading = false;
      this.events.busy(false);
    }
  }

  private async load(): Promise<void> {
    this.loading = true;
    this.events.busy(true);
    try {
      const answer = await this.ask({ limit: FIRST_ROWS });
      const rows = rowsOf(columnsOf(answer));
      this.source = answer.source;
      this.earlier = answer.earlier;
      this.rows.replace(rows);
      this.events.said(null);
      await this.addMarks(rows);
      this.events.rebuilt(true);
    } catch (error) {
      this.fail(error);
    } finally {
      this.loading = false;
      this.events.busy(false);
    }
    if (this.again) await this.reread();
  }

  // What is new since the newest rows; everything where there are none yet or too much is missing.
  private async reread(): Promise<void> {
    const last = this.rows.last;
    this.again = this.loading;
    if (this.loading) return;
    if (!last) return this.load();
    const step = RESOLUTION_SECONDS[this.choice.resolution];
    try {
      const from = last.time - Math.max(REREAD_SECONDS, 2 * step);
      const answer = await this.ask({ from, limit: PAGE_ROWS });
      if (answer.next !== null) return this.load();
      const rows = rowsOf(columnsOf(answer));
      const newest = rows[rows.length - 1];
      const jumped = newest !== undefined && newest.time > last.time + step;
      this.events.said(null);
      if (jumped) await this.addMarks(rows);
      this.apply(rows);
    } catch (error) {
      this.fail(error);
    }
  }

  private take(event: RowsEvent): void {
    if (this.loading) this.again = true;
    if (!this.rows.last) return;
    this.apply(rowsOfEvent(event.columns, event.rows));
  }

  private apply(rows: Row[]): void {
    // What lies before the loaded rows comes with them, when one scrolls there.
    const begin = this.rows.first?.time ?? -Infinity;
    const first = this.rows.apply(rows.filter((row) => row.time >= begin));
    if (first >= 0) this.events.changed(first);
  }

  private isStreamed(): boolean {
    return this.choice.resolution === '1s' && this.choice.contract === 'front';
  }

  private ask(parameters: Parameters): Promise<CandleAnswer> {
    const { root, resolution, contract } = this.choice;
    return get<CandleAnswer>(
      'api/candles',
      { root, resolution, columns: 'chart', ...contractParameters(contract), ...parameters },
      this.abort.signal,
    );
  }

  private async addMarks(rows: Row[]): Promise<void> {
    const [first, last] = [rows[0], rows[rows.length - 1]];
    if (!first || !last) return;
    const from = first.time - RESOLUTION_SECONDS[this.choice.resolution];
    const to = last.time + 86400;
    try {
      const marks = await get<Marks>(
        'api/marks',
        { root: this.choice.root, from, to },
        this.abort.signal,
      );
      this.marks = mergeMarks(this.marks, marks);
    } catch (error) {
      // Rows without marks are better than none; the next page asks again.
      this.fail(error);
    }
  }

  private async askLive(): Promise<void> {
    try {
      const state = await get<LiveData>(
        'api/live-data',
        { root: this.choice.root },
        this.abort.signal,
      );
      this.events.live(state);
    } catch (error) {
      // The data's own requests say what is wrong.
      if (!isAbort(error)) return;
    }
  }

  private every(ms: number, act: () => unknown): void {
    const timer = setInterval(() => {
      if (!document.hidden) void act();
    }, ms);
    this.ends.push(() => clearInterval(timer));
  }

  private fail(error: unknown): void {
    if (!isAbort(error)) this.events.said(problemText(error));
  }
}

export function contractParameters(contract: string): Parameters {
  if (contract === 'front') return {};
  return /^\d$/.test(contract) ? { rank: contract } : { symbol: contract };
}

// Each mark once; newer knowledge of the same mark (a gap that was repaired, a session's end) replaces older.
export function mergeMarks(old: Marks, added: Marks): Marks {
  const merge = <T>(a: T[], b: T[], key: (mark: T) => unknown, order: (mark: T) => number) =>
    [...new Map([...a, ...b].map((mark) => [key(mark), mark])).values()].sort(
      (x, y) => order(x) - order(y),
    );
  return {
    sessions: merge(
      old.sessions,
      added.sessions,
      (m) => m.trade_date,
      (m) => m.open,
    ),
    holidays: merge(
      old.holidays,
      added.holidays,
      (m) => m.date,
      (m) => Date.parse(m.date),
    ),
    switches: merge(
      old.switches,
      added.switches,
      (m) => m.time,
      (m) => m.time,
    ),
    gaps: merge(
      old.gaps,
      added.gaps,
      (m) => m.from,
      (m) => m.from,
    ),
  };
}
