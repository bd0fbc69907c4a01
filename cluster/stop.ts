// `npm run stop`: ends what `npm start` started. The data stays in `.cluster/` for the next start unless told otherwise.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stopEmbedded } from './embedded/embedded.ts';
import { stopKind } from './kind.ts';
import { stopForward } from './named.ts';
import { stateDirectory } from './paths.ts';
import { consoleProgress } from './progress.ts';

const HELP = `npm run stop [-- OPTION…]

Ends the cluster that npm start brought up: no process, mount, interface or control group of it is left. A cluster that
you named is left as it is. What the embedded cluster holds comes back with the next start.

  --delete  also remove that: its objects, volumes, images, certificates and logs
  --help    print this
`;

const { values } = parseArgs({
  options: { delete: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
try {
  const stopped = [await stopForward(), await stopKind(consoleProgress), await stopEmbedded()];
  await rm(join(stateDirectory, 'env'), { force: true });
  if (values.delete) await rm(stateDirectory, { recursive: true, force: true });
  console.log(stopped.includes(true) ? 'stopped' : 'nothing was running');
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}
