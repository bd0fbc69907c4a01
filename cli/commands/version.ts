import type { Session } from '../session.ts';
import { VERSION } from '../version.ts';

/** `cubby version` */
export async function version({ output }: Session) {
  output.show({ version: VERSION, node: process.versions.node }, () => `cubby ${VERSION}\n`);
}
