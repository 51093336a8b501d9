// A choice of one among few, as a row of buttons.
export interface SegmentsProps<T extends string> {
  label: string;
  options: readonly T[];
  value: T;
  text?: (option: T) => string;
  disabled?: (option: T) => boolean;
  choose: (option: T) => void;
}

export function Segments<T extends string>(props: SegmentsProps<T>) {
  return (
    <div class="segments" role="group" aria-label={props.label}>
      {props.options.map((option) => (
        <button
          key={option}
          type="button"
          aria-pressed={option === props.value}
          disabled={props.disabled?.(option) ?? false}
          onClick={() => props.choose(option)}
        >
          {props.text?.(option) ?? option}
        </button>
      ))}
    </div>
  );
}
