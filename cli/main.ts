#!/usr/bin/env node
import { run } from './run.ts';

// A reader that has seen enough, as head does, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
const exit = await run(process);
// What a library left open must not keep the terminal; what is written must still come out.
process.stdout.write('', () => process.exit(exit));
