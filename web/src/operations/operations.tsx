// What runs and ran, what was found wrong, what it costs, and how it is set up.
import type { FunctionComponent } from 'preact';
import { route, setValues } from '../route';
import { useStore } from '../store';
import { Segments } from '../widgets/segments';
import { About, Config, Costs, Mirror, Status } from './answers';
import { Events } from './events';
import { Jobs } from './jobs';

const TABS = ['jobs', 'events', 'mirror', 'costs', 'status', 'config', 'about'] as const;
type Tab = (typeof TABS)[number];

const TITLES: Record<Tab, string> = {
  jobs: 'Jobs',
  events: 'Quality events',
  mirror: 'Mirror',
  costs: 'Costs',
  status: 'Status',
  config: 'Configuration',
  about: 'About',
};

const CONTENT: Record<Tab, FunctionComponent> = {
  jobs: Jobs,
  events: Events,
  mirror: Mirror,
  costs: Costs,
  status: Status,
  config: Config,
  about: About,
};

export function Operations() {
  const { values } = useStore(route);
  const tab = TABS.find((name) => name === values['tab']) ?? 'jobs';
  const Content = CONTENT[tab];
  return (
    <div class="stack">
      <div class="toolbar">
        <Segments
          label="Operations"
          options={TABS}
          value={tab}
          text={(each) => TITLES[each]}
          choose={(each) => setValues({ tab: each })}
        />
      </div>
      <Content />
    </div>
  );
}
