import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

const file = join(import.meta.dirname, '../../.cluster/env');
if (!existsSync(file)) throw new Error('no cluster is up in this clone; bring one up with: npm start');
const { KUBECONFIG = '', CUBBY_URL = '' } = parseEnv(readFileSync(file, 'utf8'));

/** The cluster of `npm start`; never that of the caller's own KUBECONFIG, because tests make and delete namespaces. */
export const kubeconfig: string = KUBECONFIG;

/** The data plane's address outside the cluster. */
export const url: string = CUBBY_URL;
