// The server's event stream: one connection for the whole page, whatever number of charts follow it.
import { Store } from '../store';
import { address } from './client';
import type { Cell } from './types';

export interface RowsEvent {
  root: string;
  columns: string[];
  rows: Cell[][];
  final_to: number | null;
}

export interface StatusEvent {
  ok: boolean;
  feed: string;
  clock: number | null;
  alarms: number;
}

export type Link = 'off' | 'connecting' | 'live' | 'lost';

export interface Listener {
  rows(event: RowsEvent): void;
  // What was received may have a hole: read anew.
  reset(reason: string): void;
}

export const link = new Store<Link>('off');
export const status = new Store<StatusEvent | null>(null);

const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 15_000;
// The server beats every 15 s; a browser does not notice a dead peer by itself.
const SILENCE_MS = 40_000;

export class Stream {
  private source: EventSource | null = null;
  private readonly listeners = new Map<Listener, string>();
  private readonly columns = new Map<string, string[]>();
  private lastId = '';
  private retryMs = RETRY_MS_MIN;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private opened = '';
  private lastHeard = 0;
  private kept = 0;

  constructor() {
    setInterval(() => this.checkSilence(), 5_000);
  }

  // Returns what ends the subscription.
  follow(root: string, listener: Listener): () => void {
    this.listeners.set(listener, root);
    this.reopen();
    return () => {
      this.listeners.delete(listener);
      this.reopen();
    };
  }

  // A connection without roots still tells what the feed does.
  keepOpen(): () => void {
    this.kept++;
    this.reopen();
    return () => {
      this.kept--;
      this.reopen();
    };
  }

  private wanted(): string {
    return [...new Set(this.listeners.values())].sort().join(',');
  }

  // Soon, not at once: charts come and go together.
  private reopen(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.listeners.size + this.kept === 0) return this.shut();
      if (this.source && this.wanted() === this.opened) return;
      // Other roots: what the old connection got is no place to resume from.
      if (this.wanted() !== this.opened) this.lastId = '';
      this.open();
    }, 30);
  }

  private open(): void {
    this.source?.close();
    this.opened = this.wanted();
    const parameters = {
      roots: this.opened,
      columns: 'chart',
      last_event_id: this.lastId,
    };
    const source = new EventSource(address('api/stream', parameters));
    this.source = source;
    const resumes = this.lastId !== '';
    this.lastHeard = Date.now();
    if (link.get() !== 'lost') link.set('connecting');
    source.onopen = () => {
      this.heard();
      this.retryMs = RETRY_MS_MIN;
      link.set('live');
      // Between what a chart has read and the stream's beginning there may be rows.
      if (!resumes) this.tellReset('connected');
    };
    source.onerror = () => this.lost(source);
    source.addEventListener('rows', (event) => this.takeRows(event));
    source.addEventListener('status', (event) => {
      this.heard();
      status.set(JSON.parse(event.data as string) as StatusEvent);
    });
    source.addEventListener('reset', (event) => {
      this.heard();
      this.lastId = (event as MessageEvent).lastEventId;
      const reason = (JSON.parse(event.data as string) as { reason?: string }).reason ?? '';
      this.tellReset(reason);
    });
  }

  private shut(): void {
    this.source?.close();
    this.source = null;
    link.set('off');
  }

  private tellReset(reason: string): void {
    for (const listener of [...this.listeners.keys()]) listener.reset(reason);
  }

  private heard(): void {
    this.lastHeard = Date.now();
  }

  private takeRows(event: MessageEvent): void {
    this.heard();
    this.lastId = event.lastEventId;
    const data = JSON.parse(event.data as string) as Partial<RowsEvent> & { root: string };
    if (data.columns) this.columns.set(data.root, data.columns);
    const columns = this.columns.get(data.root) ?? STREAM_COLUMNS;
    const rows = {
      root: data.root,
      columns,
      rows: data.rows ?? [],
      final_to: data.final_to ?? null,
    };
    for (const [listener, root] of [...this.listeners]) if (root === data.root) listener.rows(rows);
  }

  // A browser retries a broken connection by itself, but not one that was answered with an error.
  private lost(source: EventSource): void {
    if (source !== this.source) return;
    link.set('lost');
    source.close();
    this.source = null;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, RETRY_MS_MAX);
  }

  private checkSilence(): void {
    if (this.source && Date.now() - this.lastHeard > SILENCE_MS) this.lost(this.source);
  }
}

const STREAM_COLUMNS = [
  'time',
  'symbol',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'vd',
  'cvd_close',
];

let shared: Stream | null = null;
export function stream(): Stream {
  return (shared ??= new Stream());
}
