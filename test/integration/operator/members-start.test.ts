import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startReplicated, type TestMember, type TestReplicated } from '../../../cluster/test-replicated.ts';
import { aclPasswordHash } from '../../../contract/credentials.ts';
import { REDIS_PORT, SENTINEL_PORT } from '../../../contract/names.ts';
import { connectRedis } from '../../../operator/redis/session.ts';
import { eventually } from '../eventually.ts';

const LIMIT_MS = 60_000;

for (const version of ['7.0', '8.0'] as const)
  describe(`Redis ${version}: members of a replicated store`, () => {
    let store: TestReplicated;
    before(async () => {
      store = await startReplicated({ version });
    });
    after(() => store.stop());

    async function replication(member: TestMember) {
      try {
        const session = await connectRedis({
          host: member.host,
          port: REDIS_PORT,
          password: store.password('operator'),
        });
        try {
          const info = await session.info();
          return { ...info.replication, loading: info.loading };
        } finally {
          session.close();
        }
      } catch {
        return undefined;
      }
    }

    /** The primary, once all others follow it and may take its place. */
    async function inStep(): Promise<TestMember> {
      let primary: TestMember | undefined;
      await eventually('all members in step', LIMIT_MS, async () => {
        const seen = await Promise.all(store.members.map(replication));
        const isPrimary = seen.map((one) => one?.role === 'primary');
        primary = store.members[isPrimary.indexOf(true)];
        const following = seen.filter((one) => one?.role === 'replica' && one.linked && one.priority === 100);
        return primary && following.length === store.members.length - 1;
      });
      // A Sentinel asks replicas every ten seconds whether they may take its place.
      await sleep(11_000);
      return primary as TestMember;
    }

    /** Runs a command as the data plane, on a connection of its own. */
    async function run(member: TestMember, ...command: [string, ...string[]]): Promise<unknown> {
      const redis = new Redis({
        host: member.host,
        port: REDIS_PORT,
        username: 'dataplane',
        password: store.password('dataplane'),
        protocol: 2,
        lazyConnect: true,
        enableReadyCheck: false,
        disableClientInfo: true,
        maxRetriesPerRequest: 0,
        retryStrategy: () => null,
      });
      redis.on('error', () => {});
      try {
        await redis.connect();
        const [name, ...args] = command;
        return await redis.call(name, ...args);
      } finally {
        redis.disconnect();
      }
    }

    /** Writes until one is accepted, and gives who did. */
    async function write(key: string, value: string): Promise<TestMember> {
      let writer: TestMember | undefined;
      await eventually('a write is accepted', LIMIT_MS, async () => {
        for (const member of store.members) {
          const reply = await run(member, 'SET', key, value).catch(() => undefined);
          if (reply === 'OK') writer = member;
          if (writer) return true;
        }
        return false;
      });
      return writer as TestMember;
    }

    test('a primary that ends and starts again at once gives way, even with its data lost, and overwrites nobody', async () => {
      const old = await inStep();
      await run(old, 'SET', 'kept', 'value');
      await eventually('both replicas have it', LIMIT_MS, async () => {
        const values = await Promise.all(store.members.map((member) => run(member, 'GET', 'kept')));
        return values.every((value) => value === 'value');
      });
      await old.redis.kill();
      await old.sentinel.kill();
      await old.wipe();
      old.sentinel.start();
      old.redis.start();
      const next = await write('after', 'value');
      assert.notEqual(next.host, old.host);
      assert.equal((await inStep()).host, next.host);
      for (const member of store.members)
        assert.deepEqual(await run(member, 'MGET', 'kept', 'after'), ['value', 'value'], `member ${member.ordinal}`);
    });

    test('members that all end at once come back with the same primary and all data', async () => {
      const old = await inStep();
      await run(old, 'SET', 'before', 'value');
      await sleep(1_500); // the log is written every second
      await Promise.all(store.members.flatMap(({ redis, sentinel }) => [redis.kill(), sentinel.kill()]));
      for (const { redis, sentinel } of store.members) {
        redis.start();
        sentinel.start();
      }
      const next = await write('again', 'value');
      assert.equal(next.host, old.host);
      assert.equal(await run(next, 'GET', 'before'), 'value');
    });

    test('a member without most of the Sentinels takes no part, and a primary without replicas takes no write', async () => {
      const primary = await inStep();
      await run(primary, 'SET', 'readable', 'value');
      const others = store.members.filter((member) => member !== primary);
      await Promise.all(others.flatMap(({ redis, sentinel }) => [redis.kill(), sentinel.kill()]));
      await eventually('writes are refused', LIMIT_MS, async () => {
        const error = await run(primary, 'SET', 'alone', 'value').catch((refusal: Error) => refusal);
        return error instanceof Error && error.message.startsWith('NOREPLICAS');
      });
      assert.equal(await run(primary, 'GET', 'readable'), 'value');
      const [lone] = others as [TestMember, TestMember];
      await primary.redis.kill();
      await primary.sentinel.kill();
      lone.redis.start();
      lone.sentinel.start();
      await sleep(3_000);
      assert.equal(await replication(lone), undefined);
      for (const { redis, sentinel } of store.members.filter((member) => member !== lone)) {
        redis.start();
        sentinel.start();
      }
      await write('together', 'value');
    });

    test('a replica that restarts after the passwords were replaced may take the place of the primary again', async () => {
      const primary = await inStep();
      const rules = ['on', '>another', 'allchannels', '+@all'];
      for (const { host, data } of store.members) {
        for (const port of [REDIS_PORT, SENTINEL_PORT]) {
          const session = await connectRedis({ host, port, password: store.password('operator') });
          try {
            if (port === SENTINEL_PORT) await session.sentinelSignIn('another');
            await session.aclSetUser('sentinel', rules);
          } finally {
            session.close();
          }
        }
        const conf = join(dirname(data), 'conf');
        for (const file of ['users.acl', 'sentinel.acl']) {
          const text = await readFile(join(conf, file), 'utf8');
          const old = aclPasswordHash(store.password('sentinel'));
          await writeFile(join(conf, file), text.replaceAll(old, aclPasswordHash('another')));
        }
        await writeFile(join(conf, 'sentinel.password'), 'another');
      }
      const replica = store.members.find((member) => member !== primary) as TestMember;
      await replica.redis.kill();
      replica.redis.start();
      await inStep();
    });

    test('a store that is made again around its volumes has the same primary at other addresses', async (t) => {
      const [first, second, third] = store.members as [TestMember, TestMember, TestMember];
      await first.redis.kill();
      await first.sentinel.kill();
      const primary = await write('before', 'value');
      assert.notEqual(primary.ordinal, 0);
      first.sentinel.start();
      first.redis.start();
      await inStep();
      const before = store;
      await Promise.all(before.members.flatMap(({ redis, sentinel }) => [redis.stop(), sentinel.stop()]));
      // Two have the addresses of each other: the API server gives them out anew.
      const hosts = [second.host, first.host, third.host.replace(/\d+$/, '99')];
      store = await startReplicated({ version, volumesOf: before, hosts });
      t.after(() => before.stop());
      const again = await write('again', 'value');
      assert.equal(again.ordinal, primary.ordinal);
      await inStep();
      for (const member of store.members)
        assert.deepEqual(await run(member, 'MGET', 'before', 'again'), ['value', 'value'], `member ${member.ordinal}`);
    });
  });
