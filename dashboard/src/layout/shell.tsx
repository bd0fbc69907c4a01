import { LogOut } from 'lucide-react';
import { lazy, type ReactNode, Suspense, useEffect } from 'react';
import { ApiProvider } from '../api/api.tsx';
import { IconButton } from '../components/button.tsx';
import { ErrorBoundary } from '../components/error-boundary.tsx';
import { Skeleton } from '../components/skeleton.tsx';
import { useRoute } from '../navigation.ts';
import { KeysPage } from '../pages/keys/keys-page.tsx';
import { formatRoute, type Page } from '../route.ts';
import { useSession } from '../session/session.tsx';
import { maskToken } from '../session/storage.ts';
import { ThemeSwitch } from '../theme/theme-switch.tsx';
import { ProjectButton } from './project-button.tsx';
import { ProjectChooser } from './project-chooser.tsx';
import { Sidebar } from './sidebar.tsx';

/** What is not on the first page anyone sees is fetched when it is opened. */
const LATER = {
  usage: lazy(async () => ({ default: (await import('../pages/usage/usage-page.tsx')).UsagePage })),
  tokens: lazy(async () => ({ default: (await import('../pages/tokens/tokens-page.tsx')).TokensPage })),
  backups: lazy(async () => ({ default: (await import('../pages/backups/backups-page.tsx')).BackupsPage })),
  settings: lazy(async () => ({ default: (await import('../pages/settings/settings-page.tsx')).SettingsPage })),
};

const TITLES: Record<Page, string> = {
  kv: 'KV Store',
  usage: 'Usage',
  backups: 'Backups',
  tokens: 'Tokens',
  settings: 'KV Storage',
};

/** The frame around every page: project, pages, theme, the session. Without a project in the route it asks for one. */
export function Shell() {
  const { identity } = useSession();
  const [route, go] = useRoute();
  const { page } = route;
  const project = identity.project_id ?? route.project;
  // A link to another project than the token's leads to the same page of its own.
  const isElsewhere = route.project !== undefined && route.project !== project;
  const key = isElsewhere ? undefined : route.key;
  useEffect(() => {
    if (isElsewhere && project !== undefined) go({ project, page }, { replace: true });
  }, [isElsewhere, project, page, go]);
  const title = `${key ?? TITLES[page]} · ${project ?? 'Projects'} · Cubby`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  if (project === undefined) return <ProjectChooser />;
  const Later = page === 'kv' ? undefined : LATER[page];
  return (
    <ApiProvider projectId={project} key={project}>
      <div className="shell">
        <Sidebar project={project} page={page} />
        <main className="main">
          <TopBar project={project} title={TITLES[page]} />
          <ErrorBoundary resetKey={formatRoute({ project, page })}>
            {Later ? (
              <Suspense fallback={<Skeleton lines={6} />}>
                <Later />
              </Suspense>
            ) : (
              <KeysPage openKey={key} />
            )}
          </ErrorBoundary>
        </main>
      </div>
    </ApiProvider>
  );
}

function TopBar({ project, title }: { project: string; title: ReactNode }) {
  const { token, signOut } = useSession();
  return (
    <header className="topbar">
      <h1>{title}</h1>
      <div className="only-narrow">
        <ProjectButton project={project} />
      </div>
      <span className="topbar-token" title="The token that is signed in">
        {maskToken(token)}
      </span>
      <ThemeSwitch />
      <IconButton label="Sign out" icon={<LogOut size={16} aria-hidden />} onClick={() => signOut()} />
    </header>
  );
}
