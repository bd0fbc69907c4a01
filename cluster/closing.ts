import { systemNamespace } from './install.ts';
import { formatDuration } from './progress.ts';

/** What `npm start` ends with: where things are, and commands to begin with. `duration` is in milliseconds. */
export function describeInstallation(url: string, kubeconfig: string, duration: number): string {
  const token = (namespace: string, secret: string) =>
    `kubectl -n ${namespace} get secret ${secret} -o jsonpath='{.data.token}' | base64 -d`;
  return `
Cubby is up (${formatDuration(duration)}).

  Dashboard   ${url}/dashboard/
  API         ${url}, described at ${url}/docs
  Kubeconfig  ${kubeconfig}

Begin with

  set -a; . .cluster/env; set +a; PATH=$PATH:$PWD/.cluster/bin

Sign in to the dashboard with the token of the project quickstart, or with the admin key, which sees every project:

  ${token('quickstart', 'web-kv')}; echo
  ${token(systemNamespace, 'admin-key')}; echo

Read the value that was just written:

  TOKEN=$(${token('quickstart', 'web-kv')})
  curl -H "Authorization: Bearer $TOKEN" $CUBBY_URL/infra/kv/quickstart; echo
  cubby -n quickstart --store main get quickstart
`;
}
