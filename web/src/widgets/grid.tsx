// A table of any number of rows: only those that can be seen are in the document.
import { useEffect, useRef, useState } from 'preact/hooks';

export interface GridColumn {
  name: string;
  title?: string;
  numeric?: boolean;
}

export interface GridProps {
  label: string;
  columns: GridColumn[];
  count: number;
  cell: (row: number, column: number) => string;
  // Of the whole row, for its colour
  rowClass?: (row: number) => string;
}

export const ROW_HEIGHT = 24;
const SPARE_ROWS = 12;

// Which rows to draw, given how far is scrolled.
export function visibleRows(top: number, height: number, count: number): [number, number] {
  const first = Math.max(Math.floor(top / ROW_HEIGHT) - SPARE_ROWS, 0);
  const last = Math.min(Math.ceil((top + height) / ROW_HEIGHT) + SPARE_ROWS, count);
  return [Math.min(first, last), last];
}

export function Grid(props: GridProps) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const look = () => {
    const element = box.current;
    if (element) setView({ top: element.scrollTop, height: element.clientHeight });
  };
  useEffect(() => {
    look();
    const observer = new ResizeObserver(look);
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const [first, last] = visibleRows(view.top, view.height, props.count);
  const width = props.columns.length;
  const spacer = (rows: number) =>
    rows > 0 && (
      <tr aria-hidden="true" class="spacer" style={{ height: `${rows * ROW_HEIGHT}px` }}>
        <td colSpan={width} />
      </tr>
    );
  return (
    <div
      class="grid-box"
      ref={box}
      onScroll={look}
      tabIndex={0}
      role="region"
      aria-label={props.label}
    >
      <table class="grid" aria-rowcount={props.count + 1}>
        <thead>
          <tr>
            {props.columns.map((column) => (
              <th
                key={column.name}
                scope="col"
                title={column.title}
                class={column.numeric ? 'number' : ''}
              >
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {spacer(first)}
          {Array.from({ length: last - first }, (_, offset) => {
            const row = first + offset;
            return (
              <tr key={row} aria-rowindex={row + 2} class={props.rowClass?.(row)}>
                {props.columns.map((column, index) => (
                  <td key={column.name} class={column.numeric ? 'number' : ''}>
                    {props.cell(row, index)}
                  </td>
                ))}
              </tr>
            );
          })}
          {spacer(props.count - last)}
        </tbody>
      </table>
    </div>
  );
}
