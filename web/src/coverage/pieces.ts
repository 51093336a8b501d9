// Runs cut at the hours, for a picture with a line an hour.
import type { CoverageRun } from '../api/types';

export interface Piece {
  hour: number; // index of the line
  from: number; // seconds within the hour
  to: number;
  run: CoverageRun;
}

const HOUR = 3600;

// `hours`: the first second of each line; hours that no run touches have none.
export function hourPieces(runs: readonly CoverageRun[]): { hours: number[]; pieces: Piece[] } {
  const lines = new Map<number, number>();
  const pieces: Piece[] = [];
  for (const run of runs) {
    for (let at = run.from; at < run.to;) {
      const hour = Math.floor(at / HOUR) * HOUR;
      const end = Math.min(run.to, hour + HOUR);
      if (!lines.has(hour)) lines.set(hour, lines.size);
      pieces.push({ hour: lines.get(hour) as number, from: at - hour, to: end - hour, run });
      at = end;
    }
  }
  return { hours: [...lines.keys()], pieces };
}
