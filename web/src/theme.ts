// Every colour. The style sheets take them as custom properties, the charts' canvases from here.
import { settings } from './settings';
import { Store } from './store';

const LIGHT = {
  ground: '#f5f6f8',
  panel: '#ffffff',
  raised: '#eef0f3',
  line: '#d9dde3',
  grid: '#eceef1',
  text: '#161b22',
  soft: '#545d69',
  accent: '#1f5fbf',
  'accent-ground': '#e3ecf9',
  up: '#0b7a6b',
  down: '#c43d2f',
  'up-soft': '#0b7a6b59',
  'down-soft': '#c43d2f59',
  cvd: '#5b4bb5',
  switch: '#8a5a00',
  closed: '#5f6b7a1f',
  holiday: '#8a6d1a24',
  gap: '#b0261838',
  'gap-line': '#a32418',
  repaired: '#2c6fb038',
  profile: '#5f6b7a4d',
  'profile-area': '#5f6b7a80',
  cross: '#7b8591',
  green: '#1a7f4b',
  yellow: '#8a6100',
  red: '#b62d20',
  grey: '#626c78',
  'cover-traded': '#2f8f74',
  'cover-no_trade': '#a5cfc0',
  'cover-closed': '#dfe3e8',
  'cover-halted': '#c7a552',
  'cover-gap': '#c9402f',
  'cover-repaired': '#4a86c5',
  'cover-unknown': '#a9a2bd',
};

export type ColorName = keyof typeof LIGHT;

const DARK: Record<ColorName, string> = {
  ground: '#0c1017',
  panel: '#11161f',
  raised: '#1a212c',
  line: '#27303d',
  grid: '#1a2029',
  text: '#dfe5ec',
  soft: '#96a2b1',
  accent: '#6ea8fe',
  'accent-ground': '#182842',
  up: '#2fb39d',
  down: '#ee6a5b',
  'up-soft': '#2fb39d66',
  'down-soft': '#ee6a5b66',
  cvd: '#a79af0',
  switch: '#e0b050',
  closed: '#8fa3bd17',
  holiday: '#e0c26021',
  gap: '#ee5a4840',
  'gap-line': '#ff8a7c',
  repaired: '#5aa0e640',
  profile: '#8fa3bd3d',
  'profile-area': '#8fa3bd70',
  cross: '#76849a',
  green: '#46c287',
  yellow: '#e0b050',
  red: '#f47a6b',
  grey: '#8f9bab',
  'cover-traded': '#2b8a70',
  'cover-no_trade': '#24503f',
  'cover-closed': '#1e2632',
  'cover-halted': '#8f7228',
  'cover-gap': '#d4503f',
  'cover-repaired': '#3f79b5',
  'cover-unknown': '#564f70',
};

export type Theme = Record<ColorName, string> & { dark: boolean };

function current(): Theme {
  const choice = settings.get().theme;
  const dark =
    choice === 'dark' ||
    (choice === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  return { ...(dark ? DARK : LIGHT), dark };
}

export const theme = new Store<Theme | null>(null);

export const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";

export function startTheme(): void {
  const apply = () => {
    const next = current();
    const root = document.documentElement;
    for (const [name, color] of Object.entries(next))
      if (typeof color === 'string') root.style.setProperty(`--${name}`, color);
    root.style.setProperty('--font', FONT);
    root.style.colorScheme = next.dark ? 'dark' : 'light';
    root.dataset['theme'] = next.dark ? 'dark' : 'light';
    theme.set(next);
  };
  apply();
  settings.subscribe(apply);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);
}
