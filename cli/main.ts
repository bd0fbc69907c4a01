#!/usr/bin/env node
import { EXIT } from './errors.ts';
import { run } from './run.ts';
import { refuseNode } from './version.ts';

// A reader that has seen enough, as head does, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
const refusal = refuseNode(process.versions.node);
if (refusal) process.stderr.write(`cubby: ${refusal}\n`);
const exit = refusal ? EXIT.error : await run(process);
// What a library left open must not keep the terminal; what is written must still come out.
process.stdout.write('', () => process.exit(exit));
