import type { KubeClient } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import type { ApiObject, ObjectKey } from '../../kube/object.ts';
import { keyOf } from '../../kube/object.ts';
import type { Resource } from '../../kube/resources.ts';
import type { Death } from './fate.ts';
import type { Plant } from './mortal.ts';

/** A bug that shows only when an operator ends, and the death that must show it. */
export interface PlantedBug {
  about: string;
  death: Death;
  /** The bug of one run: what it remembers, the operators of the run share. */
  create: () => Plant;
}

type Subject = ApiObject | ObjectKey;
type Write = (kind: Resource, subject: Subject, ...rest: unknown[]) => Promise<unknown>;
const WRITES: readonly string[] = ['create', 'replace', 'apply', 'patch', 'delete'];

/** Bugs as operators have them. None shows while nothing goes wrong. */
export const plants = {
  forgetful: {
    about: 'a write counts as made when it is begun, and is not made again',
    death: 'before',
    create: () => {
      const begun = new Set<string>();
      return wrap((write, verb, client) => async (kind, subject, ...rest) => {
        const text = JSON.stringify([verb, kind.kind, subject, rest[0]], leaveOutSignals);
        if (begun.has(text)) return (await client.get(kind, keyFrom(subject))) ?? subject;
        begun.add(text);
        try {
          const written = await write(kind, subject, ...rest);
          begun.delete(text); // the same may have to be written again, long after
          return written;
        } catch (error) {
          if (error instanceof KubeError && error.status !== 0) begun.delete(text); // it was refused, and is known to be
          throw error;
        }
      });
    },
  },
  'edge-triggered': {
    about: 'an operator reports the status only of what it has changed itself',
    death: 'after',
    create: () => (client) => {
      let hasWritten = false;
      const one = wrap((write) => async (kind, subject, ...rest) => {
        const isStatus = rest.some(
          (options) => (options as { subresource?: string } | undefined)?.subresource === 'status',
        );
        if (isStatus && !hasWritten) return subject;
        hasWritten ||= !isStatus;
        return write(kind, subject, ...rest);
      });
      return one(client);
    },
  },
  doubling: {
    about: 'a write without a reply is made again under another name',
    death: 'deaf',
    create: () =>
      wrap((write) => async (kind, subject, ...rest) => {
        try {
          return await write(kind, subject, ...rest);
        } catch (error) {
          if (!('metadata' in subject) || !(error instanceof KubeError) || error.status !== 0) throw error;
          const { uid: _, ...metadata } = subject.metadata;
          return write(kind, { ...subject, metadata: { ...metadata, name: `${metadata.name}-2` } }, ...rest);
        }
      }),
  },
} as const satisfies Record<string, PlantedBug>;

export type PlantName = keyof typeof plants;

/** A client of which every write is replaced. */
function wrap(replace: (write: Write, verb: string, client: KubeClient) => Write): Plant {
  return (client) =>
    new Proxy(client, {
      get(target, verb: keyof KubeClient) {
        return WRITES.includes(verb) ? replace(target[verb] as unknown as Write, verb, target) : target[verb];
      },
    });
}

function keyFrom(subject: Subject): ObjectKey {
  return 'metadata' in subject ? keyOf(subject) : subject;
}

function leaveOutSignals(name: string, value: unknown): unknown {
  return name === 'signal' ? undefined : value;
}
