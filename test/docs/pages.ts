import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** Every page with commands, by its path in the repository, and its text. */
export function readPages(): Map<string, string> {
  const files = globSync(['*.md', 'docs/**/*.md', '{charts/cubby,cli,examples,kustomize,sdk}/README.md'], {
    cwd: root,
    exclude: ['docs/.vitepress/**', 'CHANGELOG.md'],
  });
  return new Map(files.sort().map((page) => [page, readFileSync(join(root, page), 'utf8')]));
}

/** What a page finds when its blocks run, and what is taken away again afterwards. */
export interface Setting {
  /**
   * A namespace with a KVStore `main` and a KVToken `web`, both ready: kubectl's default namespace, $NAMESPACE; $NAME is
   * the store, $TOKEN the token.
   */
  tenant?: string;
  /**
   * A second namespace like `tenant`, in the place of a service that the page moves data away from: $OLD_URL and
   * $OLD_TOKEN, with 120 keys, every third of which expires in an hour.
   */
  old?: string;
  /** Namespaces that the page makes itself. */
  makes?: readonly string[];
  /** Projects that the page makes over the API. */
  projects?: readonly string[];
  /** $CUBBY_ADMIN_KEY, the key that `npm start` makes. */
  admin?: boolean;
}

/** The pages that need more than $KUBECONFIG, $CUBBY_URL and the programs; those that share a name run one after the other. */
export const settings: Readonly<Record<string, Setting>> = {
  'README.md': { tenant: 'docs-readme' },
  'cli/README.md': { tenant: 'docs-cli-package' },
  'docs/api.md': { tenant: 'docs-api' },
  'docs/caching.md': { tenant: 'docs-caching' },
  'docs/cli.md': { tenant: 'docs-cli' },
  'docs/getting-started.md': { makes: ['demo'] },
  'docs/management.md': { projects: ['shop'], admin: true },
  'docs/migration/saasignal.md': { tenant: 'docs-from-saasignal', old: 'docs-saasignal' },
  'docs/migration/temps.md': { tenant: 'docs-from-temps', old: 'docs-temps' },
  'docs/native-access.md': { tenant: 'docs-native-access' },
  'docs/operations/backup.md': { tenant: 'docs-backup' },
  'docs/operations/credentials.md': { tenant: 'docs-credentials' },
  'docs/operations/sizing.md': { tenant: 'docs-sizing' },
  'docs/operations/troubleshooting.md': { tenant: 'docs-troubleshooting' },
  'docs/operations/upgrade.md': { tenant: 'docs-upgrade' },
  'docs/recipes/caching.md': { tenant: 'docs-recipe-caching' },
  'docs/recipes/counters.md': { tenant: 'docs-recipe-counters' },
  'docs/recipes/feature-flags.md': { tenant: 'docs-recipe-flags' },
  'docs/recipes/rate-limiting.md': { tenant: 'docs-recipe-limits' },
  'docs/recipes/sessions.md': { tenant: 'docs-recipe-sessions' },
  'docs/runbooks/CubbyBackupOverdue.md': { tenant: 'docs-runbooks' },
  'docs/runbooks/CubbyKeysMissing.md': { tenant: 'docs-runbooks' },
  'docs/runbooks/CubbyNoPrimary.md': { tenant: 'docs-runbooks' },
  'docs/runbooks/CubbyPersistenceFailing.md': { tenant: 'docs-runbooks' },
  'docs/runbooks/CubbyReplicaDown.md': { tenant: 'docs-runbooks' },
  'docs/runbooks/CubbyStoreNotReady.md': { tenant: 'docs-runbooks' },
  'docs/runbooks/CubbyStoreStuck.md': { tenant: 'docs-runbooks' },
  'docs/runbooks/CubbyVolumeFull.md': { tenant: 'docs-runbooks' },
  'docs/sdk.md': { tenant: 'docs-sdk' },
  'docs/security.md': { tenant: 'docs-security' },
  'sdk/README.md': { tenant: 'docs-sdk-package' },
};

/** Every runbook's: a grep that may find nothing, as on a cluster where nothing is wrong. */
export const runbookPrelude = 'grep() { command grep "$@" || [ $? -eq 1 ]; }';
