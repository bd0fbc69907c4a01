import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readRdb } from '../../../backup/rdb/source.ts';
import { guestRules } from '../../../contract/acl.ts';
import { aclPasswordHash } from '../../../contract/credentials.ts';
import { REDIS_PORT, SENTINEL_PORT } from '../../../contract/names.ts';
import { Connection } from '../../../dataplane/store/resp/connection.ts';
import { startTenantReplicated, type TenantReplicated } from '../../contract/tenant-replicated.ts';
import { PASSWORD } from './pipeline.ts';

/** A Sentinel asks the primary for its replicas every ten seconds. */
const SENTINELS_LOOK_MS = 12_000;
const VALUES = 30;

for (const version of ['7.0', '8.0'] as const)
  describe(`Redis ${version}: the backup of a replicated store`, () => {
    let store: TenantReplicated;
    before(async () => {
      store = await startTenantReplicated({ version });
    });
    after(() => store.stop());

    test('is no replica that a Sentinel knows of, however long it takes', async () => {
      const primary = await store.primary();
      const { host = '' } = store.members[primary] ?? {};
      await store.ask(primary, ['ACL', 'SETUSER', 'backup', ...guestRules('backup', [aclPasswordHash(PASSWORD)])]);
      await fill(host, store.password);

      const { signal } = new AbortController();
      const pieces = readRdb({ host, port: REDIS_PORT, password: PASSWORD, signal });
      let bytes = (await pieces.next()).value?.length ?? 0;
      await sleep(SENTINELS_LOOK_MS);
      const info = String(await store.ask(primary, ['INFO', 'replication']));
      assert.equal(info.match(/^slave\d+:/gm)?.length, store.members.length, `the backup is no replica now: ${info}`);
      for (const { ordinal } of store.members) {
        const known = await store.ask(ordinal, ['SENTINEL', 'REPLICAS', 'store'], SENTINEL_PORT);
        assert.equal((known as unknown[]).length, store.members.length - 1, String(known));
      }
      for await (const { length } of pieces) bytes += length;
      assert.ok(bytes > VALUES * 1e6);
    });
  });

async function fill(host: string, password: string): Promise<void> {
  const limits = { connectTimeoutMs: 5000, commandTimeoutMs: 10_000 };
  const connection = new Connection({ host, port: REDIS_PORT, username: 'dataplane', password, ...limits });
  await connection.connect();
  for (let index = 0; index < VALUES; index++) await connection.send(['SET', `large:${index}`, randomBytes(1_000_000)]);
  connection.close();
}
