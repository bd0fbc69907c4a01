import * as z from 'zod';
import { claimedProject, PROJECT_ID_PATTERN } from '../../contract/projects.ts';
import { reach } from '../directory/reach.ts';
import type { StoreState } from '../directory/stores.ts';
import { phaseOf } from '../manage/view.ts';
import { type Call, ok } from '../pipeline/call.ts';
import type { Operation } from '../pipeline/operation.ts';
import { manageableSchema, manages, phaseSchema } from './manage-status.ts';
import { limitSchema } from './schemas.ts';

const projectSchema = z.object({
  project_id: z.string(),
  namespace: z.string().describe('Where the KVStore is'),
  name: z.string().describe('Name of the KVStore'),
  phase: phaseSchema,
  enabled: z.boolean().describe('false for a hibernated store'),
  version: z.string().nullable().describe('The version that Redis reports; until it runs, the one that was asked for'),
  manageable: manageableSchema,
});
type ProjectView = z.infer<typeof projectSchema>;

const idPart = (name: string) =>
  z
    .string()
    .refine((text) => text === '' || PROJECT_ID_PATTERN.test(text), `${name} has no project id that begins so`)
    .meta({ maxLength: 64, pattern: '^[A-Za-z0-9._-]*$' });

const listQuery = z.object({
  prefix: idPart('prefix').default('').describe('Only projects whose ids begin so'),
  cursor: idPart('cursor').optional().describe('next_cursor of the page before'),
  limit: limitSchema.describe('The most projects on the page'),
});

/** `GET /api/kv/projects`: what a token reaches. */
export const listProjects: Operation = {
  id: 'listProjects',
  method: 'GET',
  path: '/api/kv/projects',
  tag: 'management',
  summary: 'The projects that the token reaches',
  description:
    'Sorted by project_id. For a token that is bound to a project that one; for an API key those of its namespace; for one with a role all.',
  access: 'token',
  target: 'none',
  query: listQuery,
  answer: z.object({
    projects: z.array(projectSchema),
    next_cursor: z.string().nullable().describe('Where the next page begins; null at the end'),
  }),
  errors: [],
  run(call) {
    const { prefix, cursor = '', limit } = call.query as z.infer<typeof listQuery>;
    const found = statesOf(call, { prefix, after: cursor, limit: limit + 1 });
    const projects = found.slice(0, limit).flatMap((state) => view(call, state));
    const next_cursor = found.length > limit ? (projects.at(-1)?.project_id ?? null) : null;
    return ok(JSON.stringify({ projects, next_cursor }));
  },
};

/** The stores behind a page of projects in the token's reach, in the order of the projects' ids. */
function statesOf({ token, services }: Call, page: { prefix: string; after: string; limit: number }): StoreState[] {
  const { directory, systemNamespace } = services;
  const { stores } = directory;
  if (token.type !== 'ApiKey') {
    const own = reach(stores, systemNamespace, token, undefined);
    const project = own.account?.project;
    return project?.startsWith(page.prefix) && project > page.after && own.ref ? [own] : [];
  }
  // A key of the system namespace without a role is not told how the stores of others are; see authorizeReading.
  const namespace = token.role === undefined ? token.namespace : undefined;
  return stores.projects(namespace, page).flatMap((project) => stores.byProject(project, namespace) ?? []);
}

function view(call: Call, { ref }: StoreState): ProjectView[] {
  const store = call.services.directory.stores.get(ref);
  if (!store) return [];
  const { spec, status = {}, metadata } = store;
  return [
    {
      project_id: claimedProject(store),
      namespace: metadata.namespace,
      name: metadata.name,
      phase: phaseOf(store),
      enabled: spec.enabled,
      version: status.version ?? spec.version ?? null,
      manageable: manages(call, metadata.namespace),
    },
  ];
}

/** `GET /api/kv/versions`: what stores may ask for. */
export const listVersions: Operation = {
  id: 'listVersions',
  method: 'GET',
  path: '/api/kv/versions',
  tag: 'management',
  summary: 'The Redis versions of the installation',
  access: 'token',
  target: 'none',
  answer: z.object({
    versions: z.array(z.string()).describe('What version may be set to, oldest first'),
    default: z.string().nullable().describe('Of a store that is enabled over the API where none is asked for'),
  }),
  example: { answer: { versions: ['7.0', '8.0'], default: '8.0' } },
  errors: [],
  run({ services: { versions, management } }) {
    const sorted = versions.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    return ok(JSON.stringify({ versions: sorted, default: management?.defaultVersion ?? null }));
  },
};
