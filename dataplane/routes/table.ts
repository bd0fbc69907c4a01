import type { Operation } from '../pipeline/operation.ts';
import { account } from './account.ts';
import { docs } from './docs.ts';
import { infraKv } from './infra-kv.ts';
import { kv } from './kv.ts';
import { manage } from './manage.ts';
import { type Health, probes } from './meta.ts';

/** Every call of the API. */
export function operations(health: Health): readonly Operation[] {
  const all: readonly Operation[] = [...probes(health), ...infraKv, ...manage, ...account, ...kv, ...docs(() => all)];
  return all;
}
