import { Dialog } from '../components/dialog.tsx';
import { ProjectList } from './project-list.tsx';

/** Chooses another project. */
export function ProjectDialog({ open, onClose }: { open: boolean; onClose(): void }) {
  return (
    <Dialog open={open} onClose={onClose} title="Choose a project" about="The projects that this token reaches">
      <ProjectList onChosen={onClose} />
    </Dialog>
  );
}
