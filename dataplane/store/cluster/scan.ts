import { setTimeout as sleep } from 'node:timers/promises';
import { type Endpoint, SCAN_POSITION, type ScanPage, StoreError } from '../port.ts';
import { refusal } from '../redis-errors.ts';
import { bytesOf, one } from '../replies.ts';
import type { Reply } from '../resp/reply.ts';
import { scan } from '../scan.ts';
import type { Router } from './router.ts';

/** A page looks at no more names than about so many before it ends, whatever it found. */
const MOST_EXAMINED = 10_000;
const PAUSE_MS = 50;

/**
 * One page of names, member after member. Slots only ever go to members of a higher number, so a key that is there
 * throughout is met where it is or where it went; and before a scan ends, the last member is asked whether others have
 * joined, since keys may have gone there.
 */
export async function scanMembers(
  router: Router,
  waitMs: number,
  pattern: string,
  limit: number,
  from = '0-0',
): Promise<ScanPage> {
  let { member, position } = parse(from, router.size);
  const keys = new Set<string>();
  let examined = 0;
  for (;;) {
    const page = await scan(router.straight(member), pattern, limit - keys.size, position);
    for (const key of page.keys) keys.add(key);
    examined += page.examined;
    if (page.next !== undefined) return { keys: [...keys], examined, next: `${member}-${page.next}` };
    if (member === router.size - 1) await settleSize(router, member, waitMs);
    if (member === router.size - 1) return { keys: [...keys], examined, next: undefined };
    member++;
    position = '0';
    const isFull = keys.size > 0 && limit - keys.size < limit / 10;
    if (isFull || examined >= MOST_EXAMINED) return { keys: [...keys], examined, next: `${member}-0` };
  }
}

/** Waits until all shards are known here that the cluster knows: it is told of them before a slot goes to one. */
async function settleSize(router: Router, member: number, waitMs: number): Promise<void> {
  const nodes = await router.straight(member).request(one('read', ['CLUSTER', 'NODES'], nodesOf));
  const since = performance.now();
  while (!router.knows(nodes)) {
    if (performance.now() - since >= waitMs) throw refusal('refused');
    await sleep(PAUSE_MS);
  }
}

/** Where the nodes are that have joined, by CLUSTER NODES: `<id> <ip>:<port>@<bus port>,<name> <flags> …`. */
function nodesOf(reply: Reply | undefined): Endpoint[] {
  const lines = String(bytesOf(reply)).trim().split('\n');
  return lines.flatMap((line) => {
    const [, address = '', flags = ''] = line.split(' ');
    const [, port] = /:(\d+)@/.exec(address) ?? [];
    const [, host = ''] = address.split(',');
    // A shard that has not heard of it, or not all: nothing was moved there. One that has lost its volume is in the list
    // for good, without an address, and another has its name.
    return /handshake|noaddr/.test(flags) || host === '' ? [] : [{ host, port: Number(port) }];
  });
}

function parse(from: string, members: number): { member: number; position: string } {
  const [member, position] = from.split('-', 2);
  const ordinal = Number(member);
  // The digests of a position may have dashes as well.
  const rest = from.slice((member ?? '').length + 1);
  if (!SCAN_POSITION.test(from) || position === undefined || ordinal >= members)
    throw new StoreError('failed', 'a scan cannot go on from there');
  return { member: ordinal, position: rest };
}
