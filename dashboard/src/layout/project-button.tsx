import { ChevronsUpDown } from 'lucide-react';
import { useState } from 'react';
import { useSession } from '../session/session.tsx';
import { ProjectDialog } from './project-dialog.tsx';

/** Names the project, and lets an API key choose another; other tokens are bound to theirs. */
export function ProjectButton({ project }: { project: string }) {
  const [open, setOpen] = useState(false);
  const bound = useSession().identity.project_id !== null;
  const name = (
    <span>
      <span className="project-caption">Project</span>
      <span className="project-name">{project}</span>
    </span>
  );
  if (bound) return <div className="project-button">{name}</div>;
  return (
    <>
      <button type="button" className="project-button" title="Choose another project" onClick={() => setOpen(true)}>
        {name}
        <ChevronsUpDown size={15} aria-hidden />
      </button>
      <ProjectDialog open={open} onClose={() => setOpen(false)} />
    </>
  );
}
