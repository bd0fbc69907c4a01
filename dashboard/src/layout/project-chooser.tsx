import { LogOut } from 'lucide-react';
import { useEffect } from 'react';
import { useProjects } from '../api/queries.ts';
import { Button } from '../components/button.tsx';
import { Logo } from '../components/logo.tsx';
import { useRoute } from '../navigation.ts';
import { useSession } from '../session/session.tsx';
import { ThemeSwitch } from '../theme/theme-switch.tsx';
import { ProjectList } from './project-list.tsx';

/** The first page of an API key: which of its projects to look at. A single one is opened at once. */
export function ProjectChooser() {
  const { signOut } = useSession();
  const { data } = useProjects('');
  const [, go] = useRoute();
  const only = data?.projects.length === 1 ? data.projects[0]?.project_id : undefined;
  useEffect(() => {
    if (only !== undefined) go({ project: only, page: 'kv' }, { replace: true });
  }, [only, go]);
  return (
    <main className="sign-in">
      <div className="sign-in-theme">
        <ThemeSwitch />
        <Button variant="ghost" icon={<LogOut size={16} aria-hidden />} onClick={() => signOut()}>
          Sign out
        </Button>
      </div>
      <div className="sign-in-card card chooser">
        <Logo size={40} />
        <div>
          <h1>Choose a project</h1>
          <p className="soft">Your token reaches these.</p>
        </div>
        <ProjectList />
      </div>
    </main>
  );
}
