import type { Operation } from '../pipeline/operation.ts';
import { infraKv } from './infra-kv.ts';
import { type Health, probes } from './meta.ts';

/** Every call of the API. */
export function operations(health: Health): readonly Operation[] {
  return [...probes(health), ...infraKv];
}
