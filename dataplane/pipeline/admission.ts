import { ApiError } from './errors.ts';

/** One tenant's bodies may take up this part of the budget, so that the others always find room. */
const TENANT_SHARE = 1 / 4;

/** Memory that bodies of requests and answers take up in this process now, in bytes. */
export interface Budget {
  readonly held: number;
  /** From so many bytes on, new requests are turned away, and bodies on their way in are read no further. */
  readonly limit: number;
  /** Whether there is room, for this tenant too where one is named. */
  hasRoom(tenant?: string): boolean;
  /** Throws where there is no room. */
  check(tenant?: string): void;
  /** Counts bytes, which may be negative to give them back. */
  hold(bytes: number, tenant?: string): void;
}

/** An unused budget of `limit` bytes. */
export function createBudget(limit: number): Budget {
  let held = 0;
  const tenants = new Map<string, number>();

  function hasRoom(tenant?: string): boolean {
    if (held >= limit) return false;
    return tenant === undefined || (tenants.get(tenant) ?? 0) < limit * TENANT_SHARE;
  }

  return {
    limit,
    get held() {
      return held;
    },
    hasRoom,
    check(tenant) {
      if (!hasRoom(tenant)) throw busy();
    },
    hold(bytes, tenant) {
      held += bytes;
      if (tenant === undefined) return;
      const now = (tenants.get(tenant) ?? 0) + bytes;
      if (now > 0) tenants.set(tenant, now);
      else tenants.delete(tenant);
    },
  };
}

/** The answer to a request that the budget has no room for. */
export function busy(): ApiError {
  return new ApiError('store_unavailable', 'the data plane is busy; try again');
}
