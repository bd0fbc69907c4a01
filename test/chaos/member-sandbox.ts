import { setTimeout as sleep } from 'node:timers/promises';
import {
  type MemberPlace,
  placeMember,
  type TestMember,
  writeMemberFiles,
  writePrograms,
} from '../../cluster/test-replicated.ts';
import { answersPing, openSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts';

/** What the pod of a member mounts, by name, and where that member is. */
export interface MemberFiles {
  address: string;
  files: Record<string, string>;
}

export interface MemberSandboxOptions extends SandboxOptions<MemberFiles> {
  ordinal: number;
  keepsData: boolean;
}

/** Starts the Redis and the Sentinel of a replicated store's pod, by its own scripts. It is ready when its Redis is. */
export function startMemberSandbox(options: MemberSandboxOptions): Sandbox {
  const { version, data, home, ordinal, keepsData, files } = options;
  let member: TestMember | undefined;
  let place: MemberPlace | undefined;

  return openSandbox(options, {
    async start(found, { isEnding, refresh }) {
      const { address } = found;
      const programs = await writePrograms(home, version);
      const made = { ordinal, host: address, directory: home, data, programs, keepsData };
      member = await placeMember(made, found.files);
      place = made;
      // What changed while they were written.
      await refresh();
      if (isEnding()) return undefined;
      member.sentinel.start();
      member.redis.start();
      while (!(await answersPing(address))) {
        if (isEnding()) return undefined;
        await sleep(100);
      }
      return address;
    },
    async write() {
      const now = files();
      if (place && now) await writeMemberFiles(place, now.files);
    },
    async stop(signal) {
      const how = signal === 'SIGTERM' ? 'stop' : 'kill';
      await Promise.all([member?.redis[how](), member?.sentinel[how]()]);
    },
  });
}
