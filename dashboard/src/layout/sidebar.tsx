import { Archive, ChartNoAxesColumn, Database, KeyRound, Settings2 } from 'lucide-react';
import { baseUrl } from '../api/base-url.ts';
import { Logo } from '../components/logo.tsx';
import { hrefOf } from '../navigation.ts';
import type { Page } from '../route.ts';
import { ProjectButton } from './project-button.tsx';

const DATA: readonly Entry[] = [
  { page: 'kv', label: 'KV Store', Icon: Database },
  { page: 'usage', label: 'Usage', Icon: ChartNoAxesColumn },
];
const SETTINGS: readonly Entry[] = [
  { page: 'settings', label: 'KV Storage', Icon: Settings2 },
  { page: 'backups', label: 'Backups', Icon: Archive },
  { page: 'tokens', label: 'Tokens', Icon: KeyRound },
];

interface Entry {
  page: Page;
  label: string;
  Icon: typeof Database;
}

/** The pages of the project; a bar at the bottom on a phone. */
export function Sidebar({ project, page }: { project: string; page: Page }) {
  const link = ({ page: to, label, Icon }: Entry) => (
    <a
      key={to}
      className="nav-link"
      href={hrefOf({ project, page: to })}
      aria-current={to === page ? 'page' : undefined}
    >
      <Icon size={17} aria-hidden />
      {label}
    </a>
  );
  return (
    <header className="sidebar">
      <div className="brand">
        <Logo />
        Cubby
      </div>
      <ProjectButton project={project} />
      <nav className="nav" aria-label="Pages">
        {DATA.map(link)}
        <div className="nav-heading">Settings</div>
        {SETTINGS.map(link)}
      </nav>
      <div className="sidebar-foot">
        <a href={`${baseUrl}/docs`} target="_blank" rel="noreferrer">
          API reference
        </a>
      </div>
    </header>
  );
}
