import { type Fate, isWork, pass, type Script } from './fate.ts';
import type { StreamFaults } from './proxy.ts';
import type { ApiRequest } from './request.ts';

/** What goes wrong all the time, in one run. */
export interface Trouble {
  script?: Script;
  streams?: StreamFaults;
}

/** A way in which an API server, or what is between it and the operator, may behave. */
export interface Disturbance {
  name: string;
  about: string;
  create: () => Trouble;
}

/** A line of a watch, as far as the faults read it. */
interface Line {
  type: string;
  object: { kind: string; metadata: { uid?: string; name?: string } };
}

const parseLine = (line: string): Line => JSON.parse(line);
const CHANGING = new Set(['statefulsets', 'pods', 'persistentvolumeclaims']);
const isChange = ({ type }: Line) => type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED';
const keyOf = ({ verb, resource, name }: ApiRequest) => `${verb} ${resource} ${name}`;

/** Gives every write of a kind of request that fate once, and lets the next of the same kind pass. */
function alternately(fate: Fate): Script {
  const struck = new Set<string>();
  return (request) => {
    if (!isWork(request)) return pass;
    const key = keyOf(request);
    if (struck.delete(key)) return pass;
    struck.add(key);
    return fate;
  };
}

/** Gives every `nth` of the requests that fate. */
function every(nth: number, concerns: (request: ApiRequest) => boolean, fate: Fate): Script {
  let count = 0;
  return (request) => (concerns(request) && ++count % nth === 0 ? fate : pass);
}

/** What the last event of each object in a batch says: of many changes only that they were made is seen. */
export function mergeLines(lines: readonly string[]): string[] {
  const last = new Map<string, string>();
  for (const line of lines) {
    const { object } = parseLine(line);
    const key = object.metadata.uid ?? object.kind;
    last.delete(key);
    last.set(key, line);
  }
  return [...last.values()];
}

export const disturbances: readonly Disturbance[] = [
  {
    name: 'cut',
    about: 'every third event is lost with its connection',
    create: () => {
      let count = 0;
      return { streams: { onLine: (_, line) => (++count % 3 === 0 ? { lines: [], end: true } : { lines: [line] }) } };
    },
  },
  {
    name: 'gap',
    about: 'every fifth event is lost, and the history with it (410): only a new list tells',
    create: () => {
      const gone = new Set<string>();
      let count = 0;
      return {
        script: ({ verb, resource }) =>
          verb === 'watch' && gone.delete(resource) ? { do: 'refuse', status: 410, reason: 'Expired' } : pass,
        streams: {
          onLine({ resource }, line) {
            if (!isChange(parseLine(line)) || ++count % 5 !== 0) return { lines: [line] };
            gone.add(resource);
            return { lines: [], end: true };
          },
        },
      };
    },
  },
  {
    name: 'dropped',
    about: 'the first event of each StatefulSet, pod and claim is lost for good, and later ones come',
    create: () => {
      const seen = new Set<string>();
      return {
        streams: {
          onLine({ resource }, line) {
            const event = parseLine(line);
            const uid = event.object.metadata.uid ?? '';
            // Of others nothing tells anew before somebody changes them, and no API server loses events.
            if (!CHANGING.has(resource) || !isChange(event) || seen.has(uid)) return { lines: [line] };
            seen.add(uid);
            return { lines: [] };
          },
        },
      };
    },
  },
  {
    name: 'merged',
    about: 'events come a second late, and of each object only the last',
    create: () => ({ streams: { batchMs: 1_000, onBatch: mergeLines } }),
  },
  {
    name: 'replayed',
    about: 'after each event the object comes once more as it was before, and half a second later as it is',
    create: () => {
      const before = new Map<string, string>();
      return {
        streams: {
          onLine(_, line) {
            const { type, object } = parseLine(line);
            const uid = object.metadata.uid ?? '';
            const old = before.get(uid);
            before.set(uid, line);
            if (type !== 'MODIFIED' || old === undefined) return { lines: [line] };
            return { lines: [line, old], later: { ms: 500, lines: [line] } };
          },
        },
      };
    },
  },
  {
    name: 'conflict',
    about: 'every write is refused once as a conflict (409)',
    create: () => ({ script: alternately({ do: 'refuse', status: 409, reason: 'Conflict' }) }),
  },
  {
    name: 'busy',
    about: 'every write is refused once as too many (429, Retry-After 1)',
    create: () => ({
      script: alternately({ do: 'refuse', status: 429, reason: 'TooManyRequests', retryAfterSeconds: 1 }),
    }),
  },
  {
    name: 'failing',
    about: 'every write fails once (500), and every fourth list and watch',
    create: () => {
      const fate: Fate = { do: 'refuse', status: 500, reason: 'InternalError' };
      const writes = alternately(fate);
      const reads = every(4, ({ verb }) => verb === 'list' || verb === 'watch', fate);
      return { script: (request) => (isWork(request) ? writes(request) : reads(request)) };
    },
  },
  {
    name: 'silent',
    about: 'every sixth write is never answered',
    create: () => ({ script: every(6, isWork, { do: 'hang' }) }),
  },
];
