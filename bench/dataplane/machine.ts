import { cpus, release, totalmem } from 'node:os';
import { run } from '../../cluster/command.ts';
import type { BenchRedis } from './stores.ts';

/** What the figures were taken on, in a line. */
export async function describeMachine({ admin }: BenchRedis): Promise<string> {
  const [first] = cpus();
  const redis = /^redis_version:(\S+)/m.exec(await admin.info('server'))?.[1];
  const packages = await run('dpkg-query', ['--show', '--showformat', `\${Package} \${Version}, `, 'webdis', 'wrk']);
  const memory = Math.round(totalmem() / 2 ** 30);
  const hardware = `${cpus().length} cores (${first?.model.trim()}), ${memory} GiB, Linux ${release()}`;
  return `${hardware}; Node ${process.version}, Redis ${redis}, ${packages.replace(/, $/, '')}`;
}
