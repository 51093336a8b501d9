// What a reader chose and finds again next time: kept in the browser, never sent.
import { Store } from './store';

export type ThemeChoice = 'system' | 'light' | 'dark';
export type ZoneChoice = 'exchange' | 'local';

export interface Settings {
  theme: ThemeChoice;
  zone: ZoneChoice;
  inspector: boolean; // the column list beside the chart
}

const KEY = 'frontmonth.settings';
const DEFAULTS: Settings = { theme: 'system', zone: 'exchange', inspector: true };

// Storage may be full, forbidden, or hold what an older page wrote: none of it is worth an error.
export function readStored<T>(key: string, fallback: T): T {
  try {
    const text = localStorage.getItem(key);
    return text ? (JSON.parse(text) as T) : fallback;
  } catch {
    return fallback;
  }
}

export function writeStored(key: string, value: unknown): boolean {
  try {
    localStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export const settings = new Store<Settings>({
  ...DEFAULTS,
  ...readStored<Partial<Settings>>(KEY, {}),
});

export function change(part: Partial<Settings>): void {
  settings.set({ ...settings.get(), ...part });
  writeStored(KEY, settings.get());
}
