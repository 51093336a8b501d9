// Every column of one row, as the lake holds it.
import { useEffect, useState } from 'preact/hooks';
import { get, isAbort } from '../api/client';
import { columnsOf } from '../api/columns';
import type { CandleAnswer, Cell, Root, SchemaTable } from '../api/types';
import { useApi } from '../api/use_api';
import * as format from '../format';
import type { ChartChoice } from '../route';
import { fullTime, type Zone } from '../zone';
import { contractParameters } from './feed';
import type { Row } from './rows';

export interface InspectorProps {
  row: Row;
  choice: ChartChoice;
  root: Root;
  zone: Zone;
  source: string | null;
}

// A cross-hair passes over many rows; only where it rests is asked.
const REST_MS = 120;

export function Inspector({ row, choice, root, zone, source }: InspectorProps) {
  const whole = useWholeRow(choice, row);
  const schema = useApi<{ tables: SchemaTable[] }>('api/schema');
  const table = schema.data?.tables.find((each) => each.name === source);
  const cells = whole ?? known(row);
  return (
    <aside class="inspector" aria-label="Columns of the row" tabIndex={0}>
      <h2>{source ?? 'Row'}</h2>
      <p class="soft">{fullTime(row.time, zone)}</p>
      <table>
        <tbody>
          {cells.map(([name, value]) => {
            if (name === 'time') return null;
            const column = table?.columns.find((each) => each.name === name);
            return (
              <tr key={name} title={column?.comment}>
                <th scope="row">{format.label(name)}</th>
                <td>{format.cell(name, value, root.price_format)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </aside>
  );
}

type NamedCell = [string, Cell];

function known(row: Row): NamedCell[] {
  return [
    ['time', row.time],
    ['symbol', row.symbol],
    ['trade_date', row.tradeDate],
    ['open', row.open],
    ['high', row.high],
    ['low', row.low],
    ['close', row.close],
    ['volume', row.volume],
    ['vd', row.vd],
    ['cvd_close', row.cvd],
  ];
}

// Null until the server has answered for this very row.
function useWholeRow(choice: ChartChoice, row: Row): NamedCell[] | null {
  const [found, setFound] = useState<{ key: string; cells: NamedCell[] } | null>(null);
  const key = `${choice.root} ${choice.resolution} ${choice.contract} ${row.time}`;
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      ask(choice, row.time, abort.signal)
        .then((cells) => cells && setFound({ key, cells }))
        .catch((error: unknown) => {
          // The row itself stays; its chart columns are there.
          if (!isAbort(error)) setFound(null);
        });
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key, row.close, row.volume]);
  return found?.key === key ? found.cells : null;
}

async function ask(choice: ChartChoice, time: number, signal: AbortSignal) {
  const answer = await get<CandleAnswer>(
    'api/candles',
    {
      root: choice.root,
      resolution: choice.resolution,
      ...contractParameters(choice.contract),
      columns: 'all',
      from: time,
      to: time + 1,
      limit: 1,
    },
    signal,
  );
  const columns = columnsOf(answer);
  if (columns.get('time')?.[0] !== time) return null;
  return answer.columns.map((name): NamedCell => [name, columns.get(name)?.[0] ?? null]);
}
