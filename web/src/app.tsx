// The frame around the views: navigation, what the feed does, theme and time zone.
import type { FunctionComponent } from 'preact';
import { link, status, stream, type Link } from './api/stream';
import { useEffect, useState } from 'preact/hooks';
import { Coverage } from './coverage/coverage';
import { HealthView } from './health/health';
import { Market } from './market/market';
import { Operations } from './operations/operations';
import { Query } from './query/query';
import { formatRoute, route, VIEWS, type View } from './route';
import { change, settings, type ThemeChoice, type ZoneChoice } from './settings';
import { useStore } from './store';
import { Dot } from './widgets/dot';
import { clockTime, Zone } from './zone';

const TITLES: Record<View, string> = {
  market: 'Market',
  health: 'Health',
  coverage: 'Coverage',
  query: 'Query',
  operations: 'Operations',
};

const CONTENT: Record<View, FunctionComponent> = {
  market: Market,
  health: HealthView,
  coverage: Coverage,
  query: Query,
  operations: Operations,
};

export function App() {
  const { view } = useStore(route);
  const Content = CONTENT[view];
  useEffect(() => {
    document.title = `${TITLES[view]} · frontmonth`;
  }, [view]);
  // What the feed does is shown in every view, so one connection is open in every view.
  useEffect(() => stream().keepOpen(), []);
  return (
    <>
      <a class="skip" href="#content" onClick={skipToContent}>
        Skip to content
      </a>
      <header class="top">
        <strong class="brand">frontmonth</strong>
        <nav aria-label="Views">
          {VIEWS.map((name) => (
            <a
              key={name}
              href={formatRoute({ view: name, values: {} })}
              aria-current={name === view ? 'page' : undefined}
            >
              {TITLES[name]}
            </a>
          ))}
        </nav>
        <FeedState />
        <Choices />
      </header>
      <main id="content" class={`view-${view}`} tabIndex={-1}>
        <h1 class="unseen">{TITLES[view]}</h1>
        <Content />
      </main>
    </>
  );
}

// The address is the page's state, so a jump within the page must not change it.
function skipToContent(event: Event) {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

const LINK_TEXT: Record<Link, string> = {
  off: 'not connected',
  connecting: 'connecting',
  live: 'connected',
  lost: 'reconnecting',
};

function FeedState() {
  const connection = useStore(link);
  const said = useStore(status);
  const now = useClock();
  const lost = connection !== 'live';
  const feed =
    lost || !said ? LINK_TEXT[connection] : said.feed === 'none' ? 'no feed' : `feed ${said.feed}`;
  const state = lost
    ? 'yellow'
    : !said || said.feed === 'none'
      ? 'grey'
      : said.ok
        ? 'green'
        : 'red';
  return (
    <p class="feed-state" data-link={connection}>
      <Dot state={state} />
      <span role="status">{feed}</span>
      {said && said.alarms > 0 && (
        <a class="alarm-count" href={formatRoute({ view: 'health', values: {} })}>
          {said.alarms} {said.alarms === 1 ? 'alarm' : 'alarms'}
        </a>
      )}
      <time class="clock">{now}</time>
    </p>
  );
}

const CHICAGO = new Zone('America/Chicago');

function useClock(): string {
  const { zone } = useStore(settings);
  const text = () =>
    zone === 'exchange'
      ? `${clockTime(Date.now() / 1000, CHICAGO)} CT`
      : clockTime(Date.now() / 1000, Zone.local());
  const [now, setNow] = useState(text);
  useEffect(() => {
    setNow(text());
    const timer = setInterval(() => setNow(text()), 1000);
    return () => clearInterval(timer);
  }, [zone]);
  return now;
}

function Choices() {
  const { theme, zone } = useStore(settings);
  return (
    <div class="choices">
      <select
        aria-label="Times"
        value={zone}
        onChange={(event) => change({ zone: event.currentTarget.value as ZoneChoice })}
      >
        <option value="exchange">Exchange</option>
        <option value="local">Local</option>
      </select>
      <select
        aria-label="Colours"
        value={theme}
        onChange={(event) => change({ theme: event.currentTarget.value as ThemeChoice })}
      >
        <option value="system">System</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </div>
  );
}
