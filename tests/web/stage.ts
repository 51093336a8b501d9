// The lake that the page is shown over: three trade dates of three roots with a roll in the middle one and a gap in
// the first, and a gateway that goes on with the fourth.
import { mkdtempSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, serve, stop, type Service } from './program';

const ROOTS = 'ES,ZC,CL';
const SYMBOLS = 'ES.FUT,ZC.FUT,CL.FUT';
export const DATES = ['2025-06-10', '2025-06-11', '2025-06-12'];
const TRADES = '420000';
const GAP_FROM_RECORD = 50_000;
// From here on the gateway has records again.
export const GAP_END = '2025-06-10T14:20:00Z';

export interface Stage {
  directory: string;
  lake: string;
}

export async function makeStage(): Promise<Stage> {
  const directory = mkdtempSync(join(tmpdir(), 'frontmonth-page-'));
  const lake = join(directory, 'lake');
  mkdirSync(join(directory, 'logs'));
  const days = String(DATES.length);
  run(
    directory,
    'synth',
    '--roots',
    ROOTS,
    '--date',
    DATES[0] as string,
    '--days',
    days,
    '--trades',
    TRADES,
    '-o',
    'days.dbn.zst',
  );
  run(
    directory,
    'synth',
    '--roots',
    ROOTS,
    '--date',
    '2025-06-13',
    '--trades',
    '900000',
    '--seed',
    '2',
    '-o',
    'next.dbn.zst',
  );
  const fault = `drop@${GAP_FROM_RECORD}#1,aged:${GAP_END}#2`;
  const gateway = await serve(
    directory,
    join(directory, 'logs/past.err'),
    'replay',
    'days.dbn.zst',
    '--speed',
    'max',
    '--port',
    '0',
    '--json',
    '--fault',
    fault,
  );
  run(
    directory,
    'live',
    '--gateway',
    `127.0.0.1:${String(gateway.ready['live_port'])}`,
    '--symbols',
    SYMBOLS,
    '--start',
    '0',
    '--until-end',
    '--lake',
    lake,
  );
  await stop(gateway);
  return { directory, lake };
}

export function serveNextDay({ directory }: Stage, speed: string): Promise<Service> {
  return serve(
    directory,
    join(directory, 'logs/gateway.err'),
    'replay',
    'next.dbn.zst',
    '--speed',
    speed,
    '--port',
    '0',
    '--json',
  );
}

// `frontmonth up` over the stage's lake; streams where a gateway is given.
export function serveUp(
  { directory, lake }: Stage,
  listen: string,
  gateway?: Service,
): Promise<Service> {
  const feed = gateway
    ? [
        '--gateway',
        `127.0.0.1:${String(gateway.ready['live_port'])}`,
        '--symbols',
        SYMBOLS,
        '--live',
        'on',
      ]
    : ['--live', 'off'];
  return serve(
    directory,
    join(directory, 'logs/up.err'),
    'up',
    '--lake',
    lake,
    '--listen',
    listen,
    '--json',
    ...feed,
  );
}
