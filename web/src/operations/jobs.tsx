// The schedule, and every run with its log.
import { List, number } from '../widgets/list';
import { useEffect, useState } from 'preact/hooks';
import { problemText, send } from '../api/client';
import type { JobRun, ScheduledJob, State } from '../api/types';
import { usePages } from '../api/use_pages';
import * as format from '../format';
import { useNear } from '../health/health';
import { Dot } from '../widgets/dot';
import { Empty, Problem, Waiting } from '../widgets/notice';
import { secondOf } from '../zone';

interface JobsPage {
  schedule: ScheduledJob[];
  runs: JobRun[];
  next: string | null;
}

const PAGE = 100;

export function Jobs() {
  const { pages, error, loading, hasMore, more, restart } = usePages<JobsPage>('api/jobs', PAGE);
  const [open, setOpen] = useState<string | number | null>(null);
  const near = useNear(undefined);
  const first = pages[0];
  if (!first) return <Waiting error={error} retry={restart} />;
  const runs = pages.flatMap((page) => page.runs);
  return (
    <>
      {error && <Problem text={error} retry={restart} />}
      <Schedule jobs={first.schedule} near={near} />
      <section>
        <h2>Runs</h2>
        {runs.length === 0 ? (
          <Empty>Nothing has run yet.</Empty>
        ) : (
          <List
            label="Runs"
            columns={['Job', 'State', 'Started', number('Took'), number('Rows'), 'Error', 'Log']}
          >
            {runs.map((run) => (
              <tr key={run.run_id} title={run.parameters ?? undefined}>
                <th scope="row">
                  <Dot state={runState(run)} /> {run.job}
                </th>
                <td>{run.state}</td>
                <td>{near(run.started)}</td>
                <td class="number">{took(run)}</td>
                <td class="number">{format.integer(run.rows)}</td>
                <td class="wide">{run.error ?? format.NONE}</td>
                <td>
                  <button
                    type="button"
                    aria-label={`Log of ${run.job}, ${near(run.started)}`}
                    aria-expanded={open === run.run_id}
                    onClick={() => setOpen(open === run.run_id ? null : run.run_id)}
                  >
                    Log
                  </button>
                </td>
              </tr>
            ))}
          </List>
        )}
        {hasMore && (
          <button type="button" disabled={loading} onClick={more}>
            Older runs
          </button>
        )}
      </section>
      {open !== null && <Log id={open} />}
    </>
  );
}

export function runState(run: Pick<JobRun, 'state'>): State {
  if (/fail|error|kill|timeout|timed/i.test(run.state)) return 'red';
  if (/run|start/i.test(run.state)) return 'yellow';
  return /skip|miss/i.test(run.state) ? 'grey' : 'green';
}

function took(run: JobRun): string {
  return run.ended ? format.span(secondOf(run.ended) - secondOf(run.started)) : format.NONE;
}

function Schedule({ jobs, near }: { jobs: ScheduledJob[]; near: (time: string | null) => string }) {
  if (jobs.length === 0) return null;
  return (
    <section>
      <h2>Schedule</h2>
      <List label="Schedule" columns={['Job', 'Command', 'When', 'Next', 'Last']}>
        {jobs.map((job) => (
          <tr key={job.name}>
            <th scope="row">
              <Dot state={job.running ? 'yellow' : job.last ? runState(job.last) : 'grey'} />{' '}
              {job.name}
            </th>
            <td>
              <code>{job.command}</code>
            </td>
            <td>
              <code>{job.cron}</code> <span class="soft">{job.timezone}</span>
            </td>
            <td>{job.running ? 'running' : near(job.next)}</td>
            <td>{job.last ? `${job.last.state}, ${near(job.last.started)}` : format.NONE}</td>
          </tr>
        ))}
      </List>
    </section>
  );
}

function Log({ id }: { id: string | number }) {
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    let gone = false;
    setText(null);
    send(`api/jobs/${encodeURIComponent(id)}/log`)
      .then((response) => response.text())
      .catch(problemText)
      .then((got) => gone || setText(got));
    return () => {
      gone = true;
    };
  }, [id]);
  return (
    <section>
      <h2>Log of run {id}</h2>
      <pre class="log" tabIndex={0} role="region" aria-label={`Log of run ${id}`}>
        {text ?? 'Loading…'}
        {text === '' && 'The run wrote nothing.'}
      </pre>
    </section>
  );
}
