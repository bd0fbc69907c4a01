import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Redis } from 'ioredis';
import { startRedis } from '../../../cluster/test-redis.ts';
import { DATAPLANE_COMMANDS, OPERATOR_COMMANDS } from '../../../contract/acl.ts';
import { aclPasswordHash } from '../../../contract/credentials.ts';
import { loadedUsers, storeAcl } from '../../../operator/resources/acl.ts';
import { TENANT_DIRECTIVES } from '../../../operator/resources/directives.ts';
import { redisConf } from '../../../operator/resources/redis-conf.ts';
import { plan } from '../../unit/operator/objects.ts';

const acl = storeAcl(
  { dataplane: 'dataplane-password', operator: 'operator-password' },
  { native: [aclPasswordHash('native-password')] },
);

/** All that administers Redis or could take it from Cubby, which no guest may run. */
const DENIED_TO_GUESTS = `
  acl|deluser acl|dryrun acl|getuser acl|list acl|load acl|log acl|save acl|setuser acl|users
  bgrewriteaof bgsave client|kill client|no-evict client|pause client|unblock client|unpause
  cluster|addslots cluster|addslotsrange cluster|bumpepoch cluster|count-failure-reports cluster|delslots
  cluster|delslotsrange cluster|failover cluster|flushslots cluster|forget cluster|meet cluster|replicas
  cluster|replicate cluster|reset cluster|saveconfig cluster|set-config-epoch cluster|setslot cluster|slaves
  config|resetstat config|rewrite config|set debug failover lastsave
  latency|doctor latency|graph latency|histogram latency|history latency|latest latency|reset
  migrate module|list module|load module|loadex module|unload monitor pfdebug pfselftest psync replconf replicaof
  restore restore-asking save script|debug shutdown slaveof slowlog|reset swapdb sync`
  .trim()
  .split(/\s+/);
const versions = ['7.0', '8.0'] as const;

/** A Redis on exactly that redis.conf (but for where it listens and keeps its files), and one user more with every right. */
async function start(t: TestContext, version: (typeof versions)[number], conf: string): Promise<Redis> {
  const directory = await mkdtemp(join(tmpdir(), 'cubby-acl-'));
  const [confFile, aclFile] = [join(directory, 'redis.conf'), join(directory, 'users.acl')];
  const local = conf.replace(/^(bind|port|dir|aclfile) .*\n/gm, '');
  await writeFile(confFile, local);
  await writeFile(aclFile, `${acl.text}user admin on nopass ~* &* +@all\n`);
  const server = await startRedis({ version, config: ['--include', confFile, '--aclfile', aclFile] });
  const redis = new Redis({ port: server.port, username: 'admin', password: 'any', protocol: 2 });
  t.after(async () => {
    redis.disconnect();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });
  return redis;
}

/** Every command and subcommand that this Redis has, with the fewest words that it takes. */
async function allCommands(redis: Redis): Promise<Map<string, number>> {
  type Described = [name: string, arity: number, ...rest: unknown[]];
  const commands = (await redis.call('COMMAND')) as Described[];
  return new Map(
    commands.flatMap((command) => {
      const subcommands = (command[9] ?? []) as Described[];
      const listed = subcommands.length > 0 ? subcommands : [command];
      return listed.map(([name, arity]) => [name.toLowerCase(), Math.abs(arity)] as const);
    }),
  );
}

/** Those of the commands that a user may run. */
async function allowedTo(redis: Redis, user: string, commands: ReadonlyMap<string, number>): Promise<string[]> {
  const may: string[] = [];
  for (const [name, arity] of commands) {
    const words = name.split('|');
    const filler = Array.from({ length: arity - words.length }, () => '0');
    const answer = String(await redis.call('ACL', 'DRYRUN', user, ...words, ...filler));
    // What is refused for its keys alone counts as allowed: the words differ.
    if (!answer.includes('has no permissions to run')) may.push(name);
  }
  return may;
}

for (const version of versions) {
  test(`Redis ${version}: each user may run exactly the commands of its list`, async (t) => {
    const redis = await start(t, version, redisConf(plan().settings));
    const commands = await allCommands(redis);
    assert.ok(commands.size > 300, `${commands.size} commands`);
    const lists = { dataplane: DATAPLANE_COMMANDS, operator: OPERATOR_COMMANDS, probe: ['ping'] };
    for (const [user, allowed] of Object.entries(lists)) {
      for (const name of allowed) assert.ok(commands.has(name), `${name} is a command of Redis ${version}`);
      const may = await allowedTo(redis, user, commands);
      // AUTH, HELLO, QUIT and RESET need no permission: they come before one is signed in.
      const free = new Set(['auth', 'hello', 'quit', 'reset']);
      assert.deepEqual(
        may.filter((name) => !free.has(name)).sort(),
        allowed.filter((name) => !free.has(name)).sort(),
        user,
      );
    }
  });

  test(`Redis ${version}: a guest may run all but what administers Redis`, async (t) => {
    const redis = await start(t, version, redisConf(plan().settings));
    const commands = await allCommands(redis);
    const may = new Set(await allowedTo(redis, 'native', commands));
    assert.deepEqual([...commands.keys()].filter((name) => !may.has(name)).sort(), [...DENIED_TO_GUESTS].sort());
  });

  test(`Redis ${version}: only users with their passwords get in, and the default user never does`, async (t) => {
    const redis = await start(t, version, redisConf(plan().settings));
    const { port } = redis.options;
    const ping = async (...auth: string[]) => {
      const client = new Redis({
        port: port as number,
        protocol: 2,
        lazyConnect: true,
        retryStrategy: () => null,
        enableReadyCheck: false,
      });
      client.on('error', () => {});
      try {
        await client.connect();
        if (auth.length > 0) await client.call('AUTH', ...auth);
        return await client.call('PING');
      } catch (error) {
        return (error as Error).message.split(' ')[0];
      } finally {
        client.disconnect();
      }
    };
    assert.equal(await ping(), 'NOAUTH');
    assert.equal(await ping('any'), 'WRONGPASS');
    assert.equal(await ping('dataplane', 'wrong'), 'WRONGPASS');
    assert.equal(await ping(`revision-${acl.revision}`, 'any'), 'WRONGPASS');
    assert.equal(await ping('dataplane', 'dataplane-password'), 'PONG');
    assert.equal(await ping('operator', 'operator-password'), 'PONG');
    assert.equal(await ping('probe', 'none'), 'PONG');
    assert.equal(loadedUsers((await redis.call('ACL', 'LIST')) as string[]).revision, acl.revision);
  });

  for (const mode of ['aof', 'rdb', 'none'] as const) {
    test(`Redis ${version} starts on redis.conf for ${mode}, and every directive in it holds`, async (t) => {
      const config = { hz: '20', activedefrag: 'no', 'maxmemory-clients': '1048576' };
      const conf = redisConf({ ...plan().settings, mode, config });
      const redis = await start(t, version, conf);
      for (const line of conf.trim().split('\n')) {
        const [name = '', ...value] = line.split(' ');
        if (['bind', 'port', 'dir', 'aclfile'].includes(name)) continue;
        const answer = (await redis.config('GET', name)) as string[];
        assert.equal(answer[1], value.join(' ').replace('""', ''), name);
      }
    });
  }

  test(`Redis ${version} has every tenant directive, with the default that is written down`, async (t) => {
    const redis = await start(t, version, 'save ""\n');
    for (const [name, { default: expected }] of Object.entries(TENANT_DIRECTIVES)) {
      assert.equal(((await redis.config('GET', name)) as string[])[1], expected, name);
      assert.equal(await redis.config('SET', name, expected), 'OK', `${name} can be set while Redis runs`);
    }
  });
}
