import type { KVStore } from '../../contract/objects.ts';
import { isForbidden } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { pods } from '../../kube/resources.ts';
import { readBase } from '../../sdk/src/connection.ts';
import { CliError, EXIT } from '../errors.ts';
import type { Session } from '../session.ts';
import { findStore } from './stores.ts';
import { type FoundToken, givenToken, type Scope, tokenOfStore } from './token.ts';

/** Where the data plane answers, and as whom. */
export interface DataAccess {
  baseUrl: string;
  token: string;
  projectId: string | undefined;
}

/** What selects the data plane's pods, whatever the release is called. */
const DATA_PLANE_PODS = 'app.kubernetes.io/component=dataplane';
/** The port of a data plane's container that serves the API. */
const HTTP_PORT = 'http';

/** What is needed of an access. */
export interface Wanted {
  /** What the token must allow; absent means any token of the project. */
  scope?: Scope | undefined;
  /** The store whose token is taken where none is given; that of --store, or the only one, if absent. */
  store?: KVStore | undefined;
}

/**
 * The address and the token for a command. The token is the given one, else that of a Secret of the store; the address
 * is --url or CUBBY_URL, else inside a cluster the Secret's, else a port-forward that ends with the session.
 */
export async function reachDataPlane(session: Session, { scope, store }: Wanted = {}): Promise<DataAccess> {
  const given = await givenToken(session);
  const found: FoundToken = given ?? (await tokenOfStore(session, store ?? (await storeOfSession(session)), scope));
  const baseUrl = givenUrl(session) ?? inCluster(session, found) ?? (await forwardOnce(session));
  return { baseUrl, token: found.token, projectId: session.options.project ?? found.projectId };
}

/** The address by option or environment. */
function givenUrl({ options, env }: Session): string | undefined {
  const [url, source] = options.url === undefined ? [env.CUBBY_URL, 'CUBBY_URL'] : [options.url, '--url'];
  if (!url) return undefined;
  try {
    return readBase(url);
  } catch (error) {
    throw new CliError(EXIT.usage, (error as Error).message.replace('baseUrl', source), undefined, error);
  }
}

const inCluster = ({ env }: Session, { url }: FoundToken) => (env.KUBERNETES_SERVICE_HOST ? url : undefined);

/** The store that data commands are about; where no cluster can be asked, the other way in is named. */
async function storeOfSession(session: Session): Promise<KVStore> {
  try {
    return await findStore(session, session.options.store);
  } catch (error) {
    if (error instanceof CliError) throw error;
    const message = `no token is given, and the cluster cannot be asked for one: ${(error as Error).message}`;
    const remedy =
      'set CUBBY_URL and CUBBY_TOKEN (or --token-file), or choose a cluster with --kubeconfig and --context';
    throw new CliError(isForbidden(error) ? EXIT.refused : EXIT.unavailable, message, remedy, error);
  }
}

const forwards = new WeakMap<Session, Promise<string>>();

function forwardOnce(session: Session): Promise<string> {
  let forward = forwards.get(session);
  if (!forward) {
    forward = forwardToDataPlane(session);
    forwards.set(session, forward);
  }
  return forward;
}

interface Pod extends KubeObject {
  spec: { containers: { ports?: { name?: string; containerPort: number }[] }[] };
  status?: { conditions?: { type: string; status: string }[] };
}

async function forwardToDataPlane(session: Session): Promise<string> {
  const { client, forward } = await session.cluster();
  const namespace = session.options.systemNamespace;
  const explain = (error: unknown): never => {
    if (!isForbidden(error)) throw error;
    const rights = `the verbs list on pods and get and create on pods/portforward in the namespace ${namespace}`;
    const remedy = `ask for ${rights}, or give the address with CUBBY_URL or --url`;
    throw new CliError(EXIT.refused, `no address is given, and none can be made: ${error.message}`, remedy);
  };
  const { items } = await client.list<Pod>(pods, { namespace, labelSelector: DATA_PLANE_PODS }).catch(explain);
  const isReady = ({ status }: Pod) =>
    status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True');
  const pod = items.find(isReady);
  const ports = pod?.spec.containers.flatMap(({ ports = [] }) => ports) ?? [];
  const port = ports.find(({ name }) => name === HTTP_PORT)?.containerPort;
  if (!pod || port === undefined) {
    const message = `no ready pod of the data plane in the namespace ${namespace}`;
    throw new CliError(
      EXIT.unavailable,
      message,
      'name its namespace with --system-namespace, or its address with --url',
    );
  }
  const opened = await forward({ namespace, pod: pod.metadata.name, port }).catch(explain);
  session.atEnd(() => opened.close());
  return `http://127.0.0.1:${opened.port}`;
}
