// Root, contract and resolution of a chart.
import type { Root } from '../api/types';
import { RESOLUTION_LABELS, RESOLUTIONS, type ChartChoice, type Resolution } from '../route';
import { Segments } from '../widgets/segments';

const RANKS = ['1', '2', '3'];
const RANK_TEXT: Record<string, string> = {
  '1': '2nd month',
  '2': '3rd month',
  '3': '4th month',
};

export interface ChoiceBarProps {
  choice: ChartChoice;
  roots: Root[];
  choose: (choice: ChartChoice) => void;
}

// Rolling candles are of the front month alone; another contract has plain seconds.
export function fitting(choice: ChartChoice): ChartChoice {
  const rolling = choice.resolution === '1s' && choice.contract !== 'front';
  return rolling ? { ...choice, resolution: 'seconds' } : choice;
}

export function ChoiceBar({ choice, roots, choose }: ChoiceBarProps) {
  const root = roots.find((each) => each.root === choice.root);
  const named = [...RANKS, 'front'].includes(choice.contract) ? null : choice.contract;
  const contracts = root?.contracts ?? [];
  return (
    <div class="choice-bar">
      <select
        class="root-choice"
        aria-label="Root"
        value={choice.root}
        onChange={(event) =>
          choose(fitting({ ...choice, root: event.currentTarget.value, contract: 'front' }))
        }
      >
        <RootOptions roots={roots} />
        {!root && <option value={choice.root}>{choice.root}</option>}
      </select>
      <select
        aria-label="Contract"
        value={choice.contract}
        onChange={(event) => choose(fitting({ ...choice, contract: event.currentTarget.value }))}
      >
        <option value="front">Front{root?.front_month ? ` ${root.front_month}` : ' month'}</option>
        {RANKS.map((rank) => (
          <option key={rank} value={rank}>
            {RANK_TEXT[rank]}
          </option>
        ))}
        {contracts.map((contract) => (
          <option key={contract} value={contract}>
            {contract}
          </option>
        ))}
        {named && !contracts.includes(named) && <option value={named}>{named}</option>}
      </select>
      <Segments<Resolution>
        label="Resolution"
        options={RESOLUTIONS}
        value={choice.resolution}
        text={(resolution) => RESOLUTION_LABELS[resolution]}
        disabled={(resolution) => resolution === '1s' && choice.contract !== 'front'}
        choose={(resolution) => choose({ ...choice, resolution })}
      />
    </div>
  );
}

function RootOptions({ roots }: { roots: Root[] }) {
  const option = (root: Root) => (
    <option key={root.root} value={root.root}>
      {root.root} · {root.name}
    </option>
  );
  const stored = roots.filter((root) => root.has_rows);
  const others = roots.filter((root) => !root.has_rows);
  return (
    <>
      <optgroup label="With rows">{stored.map(option)}</optgroup>
      {others.length > 0 && <optgroup label="Without rows">{others.map(option)}</optgroup>}
    </>
  );
}
