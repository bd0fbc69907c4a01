import { REDIS_PORT, SENTINEL_PORT } from '../../../contract/names.ts';
import type { Member } from '../../../operator/reconcile/observe.ts';
import { connectRedis, type RedisSession } from '../../../operator/redis/session.ts';
import type { TenantReplicated } from '../../contract/tenant-replicated.ts';

const users = { revision: '', passwords: new Map() };

/** The members of a store of local processes as the operator sees them, until `close`. */
export async function seeMembers(tenant: TenantReplicated): Promise<{ members: Member[]; close(): void }> {
  const sessions: RedisSession[] = [];
  const open = async (host: string, port: number) => {
    const session = await connectRedis({ host, port, password: tenant.operatorPassword });
    sessions.push(session);
    return session;
  };
  const members = await Promise.all(
    tenant.members.map(async ({ ordinal, host }): Promise<Member> => {
      const sentinel = open(host, SENTINEL_PORT).then(
        async (session) => ({ look: { primary: await session.sentinelPrimary(), users }, session }),
        (error: unknown) => ({ failure: String(error) }),
      );
      const redis = open(host, REDIS_PORT).then(
        async (session) => {
          const [info, config] = await Promise.all([session.info(), session.configGet(['syslog-ident'])]);
          return { look: { info, config, users, writeError: undefined }, session };
        },
        (error: unknown) => ({ failure: String(error), down: true }),
      );
      const member = { ordinal, pod: undefined, claim: undefined, address: host };
      return { ...member, sentinel: await sentinel, redis: await redis };
    }),
  );
  return {
    members,
    close() {
      for (const session of sessions) session.close();
    },
  };
}
