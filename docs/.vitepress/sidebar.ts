import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A page in the sidebar; the link is its file below docs/, without `.md` and with a slash before it. */
export interface Entry {
  text: string;
  link: string;
}

/** Pages that belong together, closed until wanted where there are many. */
export interface Group {
  text: string;
  collapsed?: boolean;
  items: Entry[];
}

const docs = join(import.meta.dirname, '..');

const page = (text: string, link: string): Entry => ({ text, link: `/${link}` });

/** All pages of a folder, each under its own title. */
function pagesOf(folder: string): Entry[] {
  const files = globSync(`${folder}/*.md`, { cwd: docs }).sort();
  return files.map((file) => {
    const title = /^# (.+)$/m.exec(readFileSync(join(docs, file), 'utf8'))?.[1] ?? file;
    return page(title.replaceAll('`', ''), file.replace(/\.md$/, '').replace(/README$/, 'index'));
  });
}

/** The pages in the order in which a reader needs them; a test fails on a page that is in none. */
export const sidebar: Group[] = [
  {
    text: 'Start',
    items: [page('Overview', 'index'), page('Getting started', 'getting-started'), page('Concepts', 'concepts')],
  },
  {
    text: 'Guides',
    items: [
      page('The SDK', 'sdk'),
      page('The command line', 'cli'),
      page('The dashboard', 'dashboard'),
      page('The REST API', 'api'),
      page('Management over the API', 'management'),
      page('Limits and metering', 'metering'),
      page('Cached reads', 'caching'),
      page('Native access', 'native-access'),
    ],
  },
  { text: 'Recipes', items: pagesOf('recipes') },
  { text: 'Migration', items: pagesOf('migration') },
  {
    text: 'Reference',
    items: [
      page('API calls', 'reference/api'),
      page('Commands', 'reference/cli'),
      page('Error codes', 'errors'),
      page('KVStore', 'reference/kvstore'),
      page('KVToken', 'reference/kvtoken'),
      page('KVBackup', 'reference/kvbackup'),
      page('KVBackupSchedule', 'reference/kvbackupschedule'),
      page('Conditions', 'conditions'),
      page('Values of the chart', 'reference/values'),
      page('Metrics and alerts', 'reference/metrics'),
    ],
  },
  {
    text: 'Operate',
    items: [
      page('Install', 'operations/install'),
      page('Upgrade', 'operations/upgrade'),
      page('Changing a store', 'operations/changes'),
      page('Sizing', 'operations/sizing'),
      page('Storage', 'operations/storage'),
      page('Credentials', 'operations/credentials'),
      page('Backup', 'operations/backup'),
      page('Replication', 'operations/replication'),
      page('Sharding', 'operations/sharding'),
      page('Troubleshooting', 'operations/troubleshooting'),
      page('Uninstall', 'operations/uninstall'),
      page('Security and trust', 'security'),
      page('Durability', 'durability'),
      page('Performance', 'performance'),
      page('Robustness', 'robustness'),
    ],
  },
  { text: 'Runbooks', collapsed: true, items: pagesOf('runbooks') },
  { text: 'Internals', items: [page('Architecture', 'ARCHITECTURE')] },
  { text: 'Decisions', collapsed: true, items: pagesOf('adr') },
];
