import { API_VERSION, type KVStore } from '../../contract/objects.ts';
import { parseQuantity } from '../../contract/quantity.ts';
import type { KubeObject } from '../../kube/object.ts';
import { FIELD_MANAGER, kvStores } from '../access/kinds.ts';
import { editStore, findStore } from '../access/stores.ts';
import { CliError, EXIT } from '../errors.ts';
import type { Session } from '../session.ts';
import { followStore, type Goal } from './follow.ts';
import { viewStore } from './stores.ts';

/** How long to follow a change, in seconds; `wait` is false for not at all. */
interface FollowOptions {
  wait: boolean;
  timeout: number;
}

/** `cubby upgrade` */
export async function upgrade(session: Session, [name, version]: [string, string], options: FollowOptions) {
  const before = await findStore(session, name);
  const { version: running, image } = before.status ?? {};
  if (before.spec.image !== undefined) {
    session.output.note(`note: spec.image ${before.spec.image} goes before versions, so it is removed`);
  }
  const store = await editStore(session, name, { version, image: null });
  if (store.metadata.generation === before.metadata.generation)
    session.output.note(`the version is ${version} already`);
  else session.output.note(`from ${running ?? before.spec.version ?? image ?? 'none'} to ${version}`);
  await finish(session, store, store.spec.enabled ? 'ready' : 'hibernated', options, ({ status }) =>
    store.spec.enabled ? `${name} runs ${status?.version}` : `${name} will run ${version} when it is enabled`,
  );
}

/** `cubby enable` */
export async function enable(session: Session, [name]: [string], options: FollowOptions) {
  const store = await editStore(session, name, { enabled: true });
  await finish(session, store, 'ready', options, ({ status }) => `${name} answers, version ${status?.version}`);
}

/** `cubby disable` */
export async function disable(session: Session, [name]: [string], options: FollowOptions) {
  const store = await editStore(session, name, { enabled: false });
  await finish(session, store, 'hibernated', options, () => `${name} is stopped, its data kept`);
}

/** `cubby create` */
export async function create(
  session: Session,
  [name]: [string],
  options: FollowOptions & { version: string; memory: string; projectId?: string; plan?: string; storage?: string },
) {
  const { client } = await session.cluster();
  const namespace = await session.namespace();
  const { version, memory, projectId, plan, storage } = options;
  for (const quantity of [memory, storage]) checkQuantity(quantity);
  const spec = { version, memory, projectId, plan, ...(storage && { persistence: { size: storage } }) };
  const object: KubeObject = { apiVersion: API_VERSION, kind: 'KVStore', metadata: { namespace, name }, spec };
  const store = (await client.create(kvStores, object, { fieldManager: FIELD_MANAGER })) as unknown as KVStore;
  await finish(session, store, 'ready', options, ({ status }) => {
    return `${name} answers, version ${status?.version}; make a token with: cubby token create web --store ${name}`;
  });
}

function checkQuantity(text: string | undefined): void {
  try {
    if (text !== undefined) parseQuantity(text);
  } catch (error) {
    throw new CliError(EXIT.usage, (error as Error).message);
  }
}

async function finish(
  session: Session,
  store: KVStore,
  goal: Goal,
  { wait, timeout }: FollowOptions,
  sentence: (store: KVStore) => string,
): Promise<void> {
  const { output } = session;
  if (!wait) {
    const { namespace, name } = store.metadata;
    output.show(viewStore(store), () => `${name} is changed; follow it with: cubby status ${name} -n ${namespace}\n`);
    return;
  }
  const done = await followStore(session, store, goal, timeout);
  output.show(viewStore(done), () => `${sentence(done)}\n`);
}
