import type { LiveData, Root, State } from '../api/types';
import * as format from '../format';
import { Dot } from '../widgets/dot';

export function stateOf(live: LiveData): { state: State; text: string } {
  const age = live.staleness_s === null ? '' : ` · ${format.span(live.staleness_s)} ago`;
  if (live.expected === 'late') return { state: 'red', text: `late${age}` };
  if (live.state === 'open') return { state: 'green', text: `open${age}` };
  return { state: 'grey', text: live.reason || live.state };
}

// Whether the market is open and its rows are as new as they should be.
export function MarketState({ live, root }: { live: LiveData | null; root: Root }) {
  if (!live) return null;
  const { state, text } = stateOf(live);
  return (
    <p class="market-state" title={`${root.name}: ${live.reason}`}>
      <Dot state={state} /> {text}
    </p>
  );
}
