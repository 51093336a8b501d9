// Quality events: what was found wrong with data, and the rows that were kept out for it.
import { List, number } from '../widgets/list';
import { useState } from 'preact/hooks';
import type { QualityEvent, State } from '../api/types';
import { useApi } from '../api/use_api';
import { usePages } from '../api/use_pages';
import * as format from '../format';
import { useNear } from '../health/health';
import { Dot } from '../widgets/dot';
import { Empty, Problem, Waiting } from '../widgets/notice';

interface EventsPage {
  events: QualityEvent[];
  next: string | null;
}

const PAGE = 200;

function severityState(severity: string): State {
  if (/crit|error|high/i.test(severity)) return 'red';
  return /warn|medium/i.test(severity) ? 'yellow' : 'grey';
}

export function Events() {
  const { pages, error, loading, hasMore, more, restart } = usePages<EventsPage>(
    'api/events',
    PAGE,
  );
  const [open, setOpen] = useState<string | number | null>(null);
  const near = useNear(undefined);
  if (!pages[0]) return <Waiting error={error} retry={restart} />;
  const events = pages.flatMap((page) => page.events);
  if (events.length === 0) return <Empty>No quality event has been recorded.</Empty>;
  return (
    <>
      {error && <Problem text={error} retry={restart} />}
      <List
        label="Quality events"
        columns={['Kind', 'Time', 'Root', 'Table', 'What', number('Rows'), 'Quarantine']}
      >
        {events.map((event, index) => (
          <tr key={event.id ?? index}>
            <th scope="row">
              <Dot state={severityState(event.severity)} /> {event.kind}
            </th>
            <td>{near(event.time)}</td>
            <td>{event.root ?? format.NONE}</td>
            <td>{event.table ?? format.NONE}</td>
            <td class="wide">{event.text}</td>
            <td class="number">{format.integer(event.rows)}</td>
            <td>
              {event.quarantine && event.id !== undefined ? (
                <button
                  type="button"
                  aria-expanded={open === event.id}
                  aria-label={`Rows of ${event.kind}, ${near(event.time)}`}
                  onClick={() => setOpen(open === event.id ? null : (event.id ?? null))}
                >
                  Rows
                </button>
              ) : (
                format.NONE
              )}
            </td>
          </tr>
        ))}
      </List>
      {hasMore && (
        <button type="button" disabled={loading} onClick={more}>
          Older events
        </button>
      )}
      {open !== null && <Quarantine id={open} />}
    </>
  );
}

function Quarantine({ id }: { id: string | number }) {
  const path = `api/events/${encodeURIComponent(id)}/rows`;
  const { data, error, reload } = useApi<{ lines: unknown[] }>(path);
  return (
    <section>
      <h2>Rows in quarantine</h2>
      {data ? (
        <pre class="log" tabIndex={0} role="region" aria-label="Rows in quarantine">
          {data.lines.length === 0 && 'The quarantine file holds no rows of this event any more.'}
          {data.lines
            .map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
            .join('\n')}
        </pre>
      ) : (
        <Waiting error={error} retry={reload} />
      )}
    </section>
  );
}
