import { COVERAGE_STATES, STATE_WORDS } from './states';

export function CoverageKey() {
  return (
    <ul class="cover-key" aria-label="Colours">
      {COVERAGE_STATES.map((state) => (
        <li key={state}>
          <span class={`swatch cover-${state}`} /> {STATE_WORDS[state]}
        </li>
      ))}
    </ul>
  );
}
