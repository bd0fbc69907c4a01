import { ArrowRight, FolderSearch } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import type { Phase } from '../../../sdk/src/index.ts';
import { useProjects } from '../api/queries.ts';
import { Badge } from '../components/badge.tsx';
import { Button } from '../components/button.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { ProblemState } from '../components/problem-state.tsx';
import { Skeleton } from '../components/skeleton.tsx';
import type { Tone } from '../components/tone.ts';
import { hrefOf, useRoute } from '../navigation.ts';
import { useSession } from '../session/session.tsx';
import { useDebounced } from '../time/debounced.ts';

/** What a KVStore's phase looks like. */
export const PHASE_TONES: Record<Phase, Tone> = {
  Ready: 'good',
  Progressing: 'blue',
  Pending: 'blue',
  Degraded: 'danger',
  Hibernated: 'neutral',
};

/**
 * Searches among the projects that the token reaches. Others can be named in full: a key without a role is
 * not told of all that it reaches, and one that may make stores can go to a project that is not there yet.
 */
export function ProjectList({ onChosen }: { onChosen?: () => void }) {
  const [text, setText] = useState('');
  const hint = useId();
  const { data, error, refetch } = useProjects(useDebounced(text, 150));
  const [, go] = useRoute();
  const mayMake = useSession().identity.role === 'SystemAdmin';
  const unlisted = text !== '' && data && !data?.projects.some((p) => p.project_id === text);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const first = data?.projects.find((project) => project.project_id === text) ?? data?.projects[0];
    if (!first) return;
    go({ project: first.project_id, page: 'kv' });
    onChosen?.();
  };

  return (
    <form className="projects" onSubmit={submit}>
      <input
        className="input"
        type="search"
        placeholder="Search projects"
        aria-label="Search projects"
        aria-describedby={hint}
        autoComplete="off"
        spellCheck={false}
        value={text}
        // What no project id holds is left out.
        onChange={(event) => setText(event.target.value.replace(/[^\w.-]/g, '').slice(0, 64))}
      />
      <div id={hint} className="hidden" aria-live="polite">
        {data && `${data.projects.length} projects`}
      </div>
      {error && !data && <ProblemState error={error} onRetry={() => refetch()} />}
      {!data && !error && <Skeleton lines={4} label="Loading projects" />}
      {data?.projects.length === 0 && (
        <EmptyState icon={<FolderSearch size={20} aria-hidden />} title="No project found">
          <p>
            {text === ''
              ? 'This token reaches no store yet. Apply a KVStore in its namespace.'
              : 'No project that this token reaches begins with that.'}
          </p>
        </EmptyState>
      )}
      <ul>
        {data?.projects.map((project) => (
          <li key={project.project_id}>
            <a className="project" href={hrefOf({ project: project.project_id, page: 'kv' })} onClick={onChosen}>
              <span>
                <span className="project-name">{project.project_id}</span>
                <span className="project-caption">
                  {project.namespace}/{project.name}
                </span>
              </span>
              {project.version !== null && <span className="soft numeric">Redis {project.version}</span>}
              {project.phase !== null && (
                <Badge tone={PHASE_TONES[project.phase]} dot>
                  {project.phase}
                </Badge>
              )}
            </a>
          </li>
        ))}
      </ul>
      {data?.next_cursor != null && <p className="field-hint">There are more: type the beginning of the id.</p>}
      {unlisted && (
        <Button
          icon={<ArrowRight size={16} aria-hidden />}
          onClick={() => {
            go({ project: text, page: mayMake ? 'settings' : 'kv' });
            onChosen?.();
          }}
        >
          {mayMake ? `Set up KV for ${text}` : `Open ${text}`}
        </Button>
      )}
    </form>
  );
}
