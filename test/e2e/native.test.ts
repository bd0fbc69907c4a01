import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { apply, eventually, kubectl, read, tryKubectl } from './cluster.ts';
import { runPod } from './pod.ts';
import { createTenant, store } from './tenant.ts';

const NAMESPACE = 'e2e-native';
const SHELL = 'e2e-shell';
const SECRET = 'main-redis-access';

/** A pod that runs redis-cli with the address and the credentials of the Secret, and prints what it answers. */
function client(name: string, image: string, ...command: string[]): Parameters<typeof runPod>[0] {
  const from = (key: string) => ({ valueFrom: { secretKeyRef: { name: SECRET, key } } });
  const env = Object.entries({ HOST: 'host', PORT: 'port', NAME: 'username', REDISCLI_AUTH: 'password' });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 999, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name,
          image,
          command: ['redis-cli', '-e', '-h', '$(HOST)', '-p', '$(PORT)', '--user', '$(NAME)', ...command],
          env: env.map(([variable, key]) => ({ name: variable, ...from(key) })),
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}

const allow = (redis: boolean) => apply(store(NAMESPACE, { access: { redis } }));
const podUid = async () => (await read('pod', NAMESPACE, 'main-redis-0'))?.metadata.uid as string;

test('a pod of the namespace signs in by the Secret while it may, beside the API, and Redis is not restarted', async (t) => {
  const tenant = await createTenant(t, NAMESPACE);
  const { image } = (await read('pod', NAMESPACE, 'main-redis-0')).spec.containers[0];
  const uid = await podUid();
  assert.equal((await tenant.request('PUT', '/infra/kv/greeting', { value: 'hello' })).status, 200);

  await allow(true);
  await eventually('the binding', 30, async () => (await read('kvstore', NAMESPACE, 'main'))?.status.binding?.name);
  await eventually('native in Redis', 30, async () => (await events()).includes('AccessOpened') || undefined);
  assert.equal(await runPod(client('reads', image, 'GET', 'greeting')), '"hello"');
  assert.match(await runPod(client('tries', image, 'ACL', 'LIST')), /NOPERM/);

  await allow(false);
  await eventually('the end of the Secret', 30, async () => !(await read('secret', NAMESPACE, SECRET)) || undefined);
  await eventually('the end of native', 30, async () => (await events()).includes('AccessClosed') || undefined);
  assert.equal((await tenant.request('GET', '/infra/kv/greeting')).status, 200);
  assert.equal(await podUid(), uid);
});

test('a shell is open for who has the password, until the annotation goes', async (t) => {
  await createTenant(t, SHELL);
  const password = 'e2e-shell-password';
  const hash = createHash('sha256').update(password).digest('hex');
  const annotate = (value: string) =>
    kubectl('annotate', 'kvstore', 'main', '-n', SHELL, '--overwrite', `cubby.dev/shell${value}`);
  const isOpen = async () => {
    const input = `AUTH shell ${password}\nSET by shell\n`;
    const { stdout } = await tryKubectl(['exec', '-i', '-n', SHELL, 'main-redis-0', '--', 'redis-cli'], input);
    return stdout.trim() === 'OK\nOK';
  };
  assert.equal(await isOpen(), false);
  await annotate(`=${hash}:${new Date(Date.now() + 300_000).toISOString()}`);
  await eventually('the shell', 20, async () => (await isOpen()) || undefined);
  await annotate('-');
  await eventually('its end', 20, async () => !(await isOpen()) || undefined);
});

/** Reasons of the Events in the namespace. */
async function events(): Promise<string> {
  return kubectl('get', 'events', '-n', NAMESPACE, '-o', 'jsonpath={.items[*].reason}');
}
