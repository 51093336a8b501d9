import type { State } from '../api/types';

const WORDS: Record<State, string> = {
  green: 'good',
  yellow: 'to be watched',
  red: 'bad',
  grey: 'not expected now',
};

// A state as a colour, a shape, and a word for who sees neither.
export function Dot({ state }: { state: State }) {
  return (
    <span class={`dot ${state}`} title={WORDS[state]}>
      <span class="unseen">{WORDS[state]}</span>
    </span>
  );
}
