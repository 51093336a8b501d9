// What is fresh, late or broken, and since when: the calendar decides what is expected.
import { List, number } from '../widgets/list';
import type { Alarm, Health, HealthLine, Part, State } from '../api/types';
import { useApi } from '../api/use_api';
import * as format from '../format';
import { settings } from '../settings';
import { useStore } from '../store';
import { Dot } from '../widgets/dot';
import { Empty, Problem, Waiting } from '../widgets/notice';
import { nearTime, secondOf, Zone } from '../zone';
import { byUrgency, summary } from './summary';

const REFRESH_MS = 5_000;
const CHICAGO = 'America/Chicago';

// Times of this view, in the zone that the reader chose; of all roots, so Chicago is the exchange's.
export function useNear(asof: string | undefined): (time: string | null) => string {
  const { zone } = useStore(settings);
  const now = asof ? secondOf(asof) : Date.now() / 1000;
  const chosen = zone === 'local' ? Zone.local() : new Zone(CHICAGO);
  return (time) => nearTime(time, chosen, now);
}

export function HealthView() {
  const { data, error, reload } = useApi<Health>('api/health', {}, REFRESH_MS);
  const near = useNear(data?.asof);
  if (!data) return <Waiting error={error} retry={reload} />;
  const { state, text } = summary(data);
  return (
    <div class="stack">
      {error && <Problem text={`Not fresh: ${error}`} retry={reload} />}
      <div class={`verdict ${state}`}>
        <Dot state={state} />
        <strong>{text}</strong>
        <span class="soft">as of {near(data.asof)}</span>
        <Machine health={data} />
      </div>
      {data.alarms.length > 0 && <Alarms alarms={data.alarms} near={near} />}
      <Lines lines={data.lines} near={near} />
      <Parts parts={data.parts} near={near} />
    </div>
  );
}

type Near = (time: string | null) => string;

function Machine({ health }: { health: Health }) {
  const { disk, clock_skew_ms: skew } = health;
  return (
    <span class="machine">
      {disk && (
        <span title={disk.path}>
          {format.bytes(disk.free_bytes)} free of {format.bytes(disk.total_bytes)}
        </span>
      )}
      {skew !== null && <span>clock {format.decimal(skew, 1)} ms off</span>}
    </span>
  );
}

function Alarms({ alarms, near }: { alarms: Alarm[]; near: Near }) {
  return (
    <section>
      <h2>Alarms</h2>
      <List label="Alarms" columns={['Severity', 'Subject', 'What', 'Since', 'Delivery']}>
        {alarms.map((alarm) => (
          <tr key={alarm.id}>
            <td>
              <Dot state={alarm.severity === 'critical' ? 'red' : 'yellow'} /> {alarm.severity}
            </td>
            <td>{alarm.subject}</td>
            <td class="wide">{alarm.text}</td>
            <td>{near(alarm.raised_at)}</td>
            <td class={alarm.delivery === 'failing' ? 'bad' : ''}>{alarm.delivery}</td>
          </tr>
        ))}
      </List>
    </section>
  );
}

function Lines({ lines, near }: { lines: HealthLine[]; near: Near }) {
  if (lines.length === 0) return <Empty>The lake holds no table that is kept up to date.</Empty>;
  return (
    <section>
      <h2>Data</h2>
      <List
        label="Data"
        columns={[
          'Root',
          'Table',
          'Contract',
          'Last row',
          number('Age'),
          'Expected now',
          number('Rows today'),
          number('Rejected'),
          number('Gaps'),
        ]}
      >
        {byUrgency(lines).map((line) => (
          <tr key={`${line.root} ${line.table}`} data-state={line.state}>
            <th scope="row">
              <Dot state={line.state} /> {line.root}
            </th>
            <td>{line.table}</td>
            <td>{line.contract ?? format.NONE}</td>
            <td>{near(line.last_row)}</td>
            <td class="number">{format.span(line.age_s)}</td>
            <td class="wide">{line.reason || line.expected}</td>
            <td class="number">{format.integer(line.rows_today)}</td>
            <td class={`number${(line.rejected_today ?? 0) > 0 ? ' warn' : ''}`}>
              {format.integer(line.rejected_today)}
            </td>
            <td class={`number${(line.gaps_today ?? 0) > 0 ? ' bad' : ''}`}>
              {format.integer(line.gaps_today)}
            </td>
          </tr>
        ))}
      </List>
    </section>
  );
}

const PART_STATES: Record<Part['state'], State> = {
  running: 'green',
  starting: 'yellow',
  waiting: 'yellow',
  failed: 'red',
  stopped: 'grey',
};

function Parts({ parts, near }: { parts: Part[]; near: Near }) {
  if (parts.length === 0) return null;
  return (
    <section>
      <h2>Feeds, sinks and jobs</h2>
      <List
        label="Feeds, sinks and jobs"
        columns={['Part', 'Kind', 'State', number('Lag'), number('Restarts'), 'Last error']}
      >
        {parts.map((part) => (
          <tr key={part.name}>
            <th scope="row">
              <Dot state={PART_STATES[part.state]} /> {part.name}
            </th>
            <td>{part.kind}</td>
            <td>{part.state}</td>
            <td class="number">{format.span(part.lag_s)}</td>
            <td class={`number${part.restarts > 0 ? ' warn' : ''}`}>
              {format.integer(part.restarts)}
            </td>
            <td class="wide">
              {part.last_error ? (
                <>
                  <span class="soft">{near(part.last_error_at)}</span> {part.last_error}
                </>
              ) : (
                format.NONE
              )}
            </td>
          </tr>
        ))}
      </List>
    </section>
  );
}
