import { hash, randomBytes } from 'node:crypto';

/**
 * Which Redis process answered, as far as a connection tells: nothing that a data plane may ask of a tenant's Redis gives
 * its process a name.
 */
export interface Origin {
  /** Of the connection, and of no other. */
  readonly id: string;
  /** Of the address that it leads to: members of one store have different ones. */
  readonly place: string;
  /** Since when it is up, in ms since 1970 by this process's clock. */
  since: number;
}

const ID_LENGTH = 8;
const PLACE_LENGTH = 4;
/** So many connections are kept in a stamp: those of as many data planes, asked in turn. */
const MOST_IDS = 4;

/** What `stampOf` makes, as the source of a pattern. */
export const STAMP = `[\\w-]{${PLACE_LENGTH}}(?:[\\w-]{${ID_LENGTH}}){1,${MOST_IDS}}@[\\da-z]{8,9}`;

/** The origin of a connection that is not up yet. */
export function originOf(host: string, port: number): Origin {
  const id = randomBytes(6).toString('base64url');
  const place = hash('sha256', `${host}:${port}`, 'base64url').slice(0, PLACE_LENGTH);
  return { id, place, since: Number.POSITIVE_INFINITY };
}

/**
 * Says that this process answered at `now`, in ms since 1970: text that any data plane can compare. `before` is a stamp of
 * the same process.
 */
export function stampOf({ id, place }: Origin, now: number, before?: string): string {
  const known = before === undefined ? [] : idsOf(before).filter((each) => each !== id);
  return `${place}${[id, ...known].slice(0, MOST_IDS).join('')}@${now.toString(36)}`;
}

/**
 * Whether the process of a stamp is the one that answers now: over a connection that it names, or over another one to the
 * same place that was up already when the stamp was made. Anything else may have begun since then. Clocks of data planes
 * may differ by less than a Redis takes to start again.
 */
export function isSameProcess(stamp: string, { id, place, since }: Origin): boolean {
  if (idsOf(stamp).includes(id)) return true;
  const at = Number.parseInt(stamp.slice(stamp.indexOf('@') + 1), 36);
  return stamp.startsWith(place) && since <= at;
}

function idsOf(stamp: string): string[] {
  const end = stamp.indexOf('@');
  const ids: string[] = [];
  for (let at = PLACE_LENGTH; at < end; at += ID_LENGTH) ids.push(stamp.slice(at, at + ID_LENGTH));
  return ids;
}
