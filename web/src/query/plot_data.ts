// Which columns of a result can be drawn, and how.
import type { Cell, QueryAnswer } from '../api/types';

export interface PlotData {
  isTime: boolean;
  labels: string[] | null; // of positions, where x is text
  x: number[];
  series: { name: string; values: (number | null)[] }[];
}

const NUMERIC = /INT|DOUBLE|FLOAT|DECIMAL|REAL|NUMERIC/i;
const TIME = /^time$|TIMESTAMP|DATE/i;
const SERIES_MAX = 6;

export function isNumeric(type: string): boolean {
  return NUMERIC.test(type);
}
export function isTime(type: string): boolean {
  return TIME.test(type);
}

// The first time column, else the first column, is x; every number beside it is drawn.
export function defaultX(answer: Pick<QueryAnswer, 'columns'>): number {
  const time = answer.columns.findIndex((column) => isTime(column.type));
  return time >= 0 ? time : 0;
}

export function seriesChoices(answer: Pick<QueryAnswer, 'columns'>, x: number): number[] {
  return answer.columns
    .map((column, index) => ({ column, index }))
    .filter(({ column, index }) => index !== x && isNumeric(column.type))
    .map(({ index }) => index)
    .slice(0, SERIES_MAX);
}

function seconds(cell: Cell): number | null {
  if (typeof cell === 'number') return cell;
  if (typeof cell !== 'string') return null;
  // "2025-06-16 13:30:00+00" and dates count as UTC.
  const text = cell.replace(' ', 'T').replace(/\+00$/, 'Z');
  const parsed = Date.parse(/[Z+]|T.*-/.test(text) || !text.includes('T') ? text : text + 'Z');
  return Number.isNaN(parsed) ? null : parsed / 1000;
}

function numberOf(cell: Cell | undefined): number | null {
  if (typeof cell === 'number') return cell;
  if (typeof cell !== 'string' || cell === '') return null;
  const parsed = Number(cell);
  return Number.isNaN(parsed) ? null : parsed;
}

// Null when there is nothing to draw. Rows are in the order of x; rows without x are left out.
export function plotData(answer: QueryAnswer, x: number, columns: number[]): PlotData | null {
  const column = answer.columns[x];
  if (!column || columns.length === 0 || answer.rows.length === 0) return null;
  const time = isTime(column.type);
  const asText = !time && !isNumeric(column.type);
  const placed = answer.rows
    .map((row, index) => {
      const cell = row[x] ?? null;
      return { row, at: asText ? index : time ? seconds(cell) : numberOf(cell) };
    })
    .filter((each): each is { row: Cell[]; at: number } => each.at !== null);
  if (!asText) placed.sort((a, b) => a.at - b.at);
  if (placed.length === 0) return null;
  return {
    isTime: time,
    labels: asText ? placed.map(({ row }) => String(row[x] ?? '')) : null,
    x: placed.map(({ at }) => at),
    series: columns.map((index) => ({
      name: answer.columns[index]?.name ?? '',
      values: placed.map(({ row }) => numberOf(row[index])),
    })),
  };
}
