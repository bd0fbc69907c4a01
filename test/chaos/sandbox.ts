import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { REDIS_PORT } from '../../contract/names.ts';

export interface SandboxOptions<Files> {
  version: '7.0' | '8.0';
  /** The volume's directory, made where it is not there. */
  data: string;
  /** A directory for what goes with the pod. */
  home: string;
  /** What the pod mounts, as text; undefined while it is not there. */
  files: () => Files | undefined;
  /** Who holds each volume now: the next Redis waits for that, as the lock of the pod's command has it. */
  holders: Map<string, Promise<void>>;
}

/** The Redis of one pod. */
export interface Sandbox {
  /** Its address once it is ready; undefined where it was ended before. */
  ready: Promise<string | undefined>;
  ip: () => string | undefined;
  /** Brings the mounted files up to date. */
  refresh(): Promise<void>;
  /** Ends Redis: in order with SIGTERM, or at once. Resolves when it is gone, also the second time. */
  end(signal: Ending): Promise<void>;
}

export type Ending = 'SIGTERM' | 'SIGKILL';

/** What runs in a sandbox. */
export interface Programs<Files> {
  /** Starts them; resolves with their address once they are ready, or with undefined as soon as the sandbox ends. */
  start(files: Files, sandbox: { isEnding(): boolean; refresh(): Promise<void> }): Promise<string | undefined>;
  /** Writes the mounted files as they are now, if those of the start have been written. */
  write(): Promise<void>;
  stop(signal: Ending): Promise<unknown>;
}

/** Starts programs as soon as their files are there and nobody else holds their volume. */
export function openSandbox<Files>(
  { data, home, files, holders }: SandboxOptions<Files>,
  programs: Programs<Files>,
): Sandbox {
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
    ip = await programs.start(found, { isEnding: () => ending, refresh });
    return ip;
  }

  function refresh(): Promise<void> {
    // One after the other, so that the newest stays.
    writing = writing.then(() => (ending ? undefined : programs.write()));
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
      await programs.stop(signal);
      await ready.catch(() => {});
      await writing;
      await rm(home, { recursive: true, force: true });
      gone.resolve();
    },
  };
}

/** As the readiness probe asks: as the user "probe", and LOADING is no answer. */
export function answersPing(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect({ host, port: REDIS_PORT, timeout: 1000 }, () =>
      socket.write('AUTH probe none\r\nPING\r\n'),
    );
    const end = (ready: boolean) => {
      socket.destroy();
      resolve(ready);
    };
    socket.on('data', (chunk) => {
      heard += chunk;
      if (heard.split('\r\n').length > 2) end(heard.includes('+PONG'));
    });
    socket
      .on('timeout', () => end(false))
      .on('error', () => end(false))
      .on('close', () => end(false));
  });
}
