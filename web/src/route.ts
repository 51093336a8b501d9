// The page's state in the address: "#/market?charts=ES.1m.front,ZN.5m.ZNU5&cvd=reset". A link shows what
// its sender saw.
import { Store } from './store';

export const VIEWS = ['market', 'health', 'coverage', 'query', 'operations'] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  view: View;
  values: Record<string, string>;
}

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const view = VIEWS.find((name) => name === path) ?? 'market';
  return { view, values: Object.fromEntries(new URLSearchParams(query)) };
}

export function formatRoute(route: Route): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(route.values))
    if (value !== '') query.set(name, value);
  // Commas and colons need no escape in a fragment, and links are read by people.
  const text = query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
  return `#/${route.view}${text ? '?' + text : ''}`;
}

export const RESOLUTIONS = ['1s', 'seconds', '1m', '5m', '15m', '1h', '1d'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

export const RESOLUTION_LABELS: Record<Resolution, string> = {
  '1s': '1 s rolling',
  seconds: '1 s',
  '1m': '1 min',
  '5m': '5 min',
  '15m': '15 min',
  '1h': '1 h',
  '1d': '1 d',
};

export const RESOLUTION_SECONDS: Record<Resolution, number> = {
  '1s': 1,
  seconds: 1,
  '1m': 60,
  '5m': 300,
  '15m': 900,
  '1h': 3600,
  '1d': 86400,
};

export interface ChartChoice {
  root: string;
  resolution: Resolution;
  // "front", "1" to "3" (so many deliveries behind the front month), or a contract's name
  contract: string;
}

export const CHARTS_MAX = 4;

export function parseCharts(text: string): ChartChoice[] {
  const charts: ChartChoice[] = [];
  for (const part of text.split(',').slice(0, CHARTS_MAX)) {
    const [root = '', resolution = '', contract = ''] = part.split('.');
    if (!/^[A-Z0-9]{1,8}$/.test(root)) continue;
    charts.push({
      root,
      resolution: RESOLUTIONS.find((name) => name === resolution) ?? '1m',
      contract: /^[A-Z0-9]{1,12}$/.test(contract) ? contract : 'front',
    });
  }
  return charts;
}

export function formatCharts(charts: ChartChoice[]): string {
  return charts.map((chart) => `${chart.root}.${chart.resolution}.${chart.contract}`).join(',');
}

export const route = new Store<Route>(parseRoute(globalThis.location?.hash ?? ''));

// `replace`: no new entry in the browser's history.
export function go(next: Route, replace = false): void {
  const hash = formatRoute(next);
  if (replace) history.replaceState(null, '', hash);
  else history.pushState(null, '', hash);
  route.set(next);
}

export function setValues(values: Record<string, string>, replace = true): void {
  const now = route.get();
  go({ view: now.view, values: { ...now.values, ...values } }, replace);
}

export function followAddress(): void {
  window.addEventListener('popstate', () => route.set(parseRoute(location.hash)));
  window.addEventListener('hashchange', () => route.set(parseRoute(location.hash)));
}
