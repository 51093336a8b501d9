// The program under test, run as a user would.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

export const KEY = 'db-0123456789abcdefghijklmnopq';

export function program(): string {
  const path = process.env['FRONTMONTH'];
  if (!path) throw new Error('FRONTMONTH does not name the program under test');
  return path;
}

const environment = () => ({ ...process.env, DATABENTO_API_KEY: KEY });

// Runs to the end; anything but success is an error with what was said.
export function run(directory: string, ...words: string[]): string {
  const done = spawnSync(program(), words, {
    cwd: directory,
    env: environment(),
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (done.status !== 0)
    throw new Error(`frontmonth ${words.join(' ')}: exit ${done.status}\n${done.stderr}`);
  return done.stdout;
}

export interface Service {
  process: ChildProcess;
  ready: Record<string, unknown>; // the JSON object that says it serves
}

const READY_MS = 60_000;

// Starts what serves until it is stopped, and waits for its first line.
export async function serve(directory: string, log: string, ...words: string[]): Promise<Service> {
  const errors = openSync(log, 'a');
  const child = spawn(program(), words, {
    cwd: directory,
    env: environment(),
    stdio: ['ignore', 'pipe', errors],
  });
  closeSync(errors);
  const line = await new Promise<string>((done, fail) => {
    let said = '';
    const timer = setTimeout(() => fail(new Error(`${words[0]} is not ready`)), READY_MS);
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (!said.includes('\n')) return;
      clearTimeout(timer);
      done(said.slice(0, said.indexOf('\n')));
    });
    child.on('exit', (code) => {
      clearTimeout(timer);
      fail(
        new Error(
          `${words.join(' ')} ended with ${code}\n${readFileSync(log, 'utf8').slice(-2000)}`,
        ),
      );
    });
  });
  return { process: child, ready: JSON.parse(line) as Record<string, unknown> };
}

export async function stop(service: Service): Promise<void> {
  const child = service.process;
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once('close', done));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await ended;
  clearTimeout(timer);
}
