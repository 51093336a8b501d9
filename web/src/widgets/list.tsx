// A table of things with a heading for each column: what Health, Coverage and Operations are made of. It scrolls by
// itself, also from the keyboard, and has a name for who cannot see it.
import type { ComponentChildren } from 'preact';

export interface Column {
  name: string;
  isNumber: boolean;
}

export const number = (name: string): Column => ({ name, isNumber: true });

// `columns`: headings in order; those of numbers stand at the right. `children`: rows of as many cells.
export function List(props: {
  label: string;
  columns: readonly (string | Column)[];
  tall?: boolean;
  children: ComponentChildren;
}) {
  return (
    <div
      class={props.tall ? 'scroll tall' : 'scroll'}
      tabIndex={0}
      role="region"
      aria-label={props.label}
    >
      <table class="list">
        <thead>
          <tr>
            {props.columns.map((column) => {
              const { name, isNumber } =
                typeof column === 'string' ? { name: column, isNumber: false } : column;
              return (
                <th key={name} scope="col" class={isNumber ? 'number' : undefined}>
                  {name}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </div>
  );
}
