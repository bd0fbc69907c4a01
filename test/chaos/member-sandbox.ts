import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type MemberPlace,
  placeMember,
  type TestMember,
  writeMemberFiles,
  writePrograms,
} from '../../cluster/test-replicated.ts';
import { answersPing, type Sandbox, type SandboxOptions } from './sandbox.ts';

/** What the pod of a member mounts, by name, and where that member is; undefined while it is not there. */
export type MemberFiles = () => { address: string; files: Record<string, string> } | undefined;

export interface MemberSandboxOptions extends Omit<SandboxOptions, 'files'> {
  ordinal: number;
  keepsData: boolean;
  files: MemberFiles;
}

/** Starts the Redis and the Sentinel of a replicated store's pod, by its own scripts. It is ready when its Redis is. */
export function startMemberSandbox(options: MemberSandboxOptions): Sandbox {
  const { version, data, home, holders, ordinal, keepsData, files } = options;
  let member: TestMember | undefined;
  let place: MemberPlace | undefined;
  let ip: string | undefined;
  let ending = false;
  let writing: Promise<void> = Promise.resolve();
  const gone = Promise.withResolvers<void>();
  const before = holders.get(data);
  holders.set(data, gone.promise);

  async function start(): Promise<string | undefined> {
    await before;
    while (!files() && !ending) await sleep(20);
    const found = files();
    if (!found || ending) return undefined;
    const { address } = found;
    const programs = await writePrograms(home, version);
    const made = { ordinal, host: address, directory: home, data, programs, keepsData };
    member = await placeMember(made, found.files);
    place = made;
    // What changed while they were written.
    await refresh();
    if (ending) return undefined;
    member.sentinel.start();
    member.redis.start();
    while (!(await answersPing(address))) {
      if (ending) return undefined;
      await sleep(100);
    }
    ip = address;
    return ip;
  }

  function refresh(): Promise<void> {
    writing = writing.then(async () => {
      const now = files();
      if (place && now && !ending) await writeMemberFiles(place, now.files);
    });
    return writing;
  }

  const ready = start();
  ready.catch(() => {});
  return {
    ready,
    ip: () => ip,
    refresh,
    async end(signal) {
      if (ending) return gone.promise;
      ending = true;
      const how = signal === 'SIGTERM' ? 'stop' : 'kill';
      await Promise.all([member?.redis[how](), member?.sentinel[how]()]);
      await ready.catch(() => {});
      await writing;
      await rm(home, { recursive: true, force: true });
      gone.resolve();
    },
  };
}
