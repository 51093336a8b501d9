// Views that show an answer of the API as it is.
import { useApi } from '../api/use_api';
import { Waiting } from '../widgets/notice';
import { Value } from '../widgets/value';

function Answer({ path, everyMs = 0 }: { path: string; everyMs?: number }) {
  const { data, error, reload } = useApi<unknown>(path, {}, everyMs);
  return data === null ? <Waiting error={error} retry={reload} /> : <Value value={data} />;
}

export function Mirror() {
  return <Answer path="api/mirror" everyMs={10_000} />;
}

export function Costs() {
  return <Answer path="api/costs" />;
}

export function Status() {
  return <Answer path="api/status" everyMs={2_000} />;
}

export function Config() {
  const { data, error, reload } = useApi<{ yaml: string }>('api/config');
  if (!data) return <Waiting error={error} retry={reload} />;
  return (
    <pre class="log" tabIndex={0} role="region" aria-label="Configuration, secrets hidden">
      {data.yaml}
    </pre>
  );
}

export function About() {
  return (
    <>
      <Answer path="api/version" />
      <p>
        Charts by{' '}
        <a href="https://www.tradingview.com/" rel="noreferrer">
          TradingView Lightweight Charts™
        </a>
        , Copyright TradingView, Inc., under the Apache License 2.0.
      </p>
      <p>
        The API that this page uses is <a href="api/openapi.yaml">open to others</a>.
      </p>
    </>
  );
}
