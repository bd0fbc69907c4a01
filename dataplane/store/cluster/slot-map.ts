import type { Endpoint } from '../port.ts';
import { elementsOf, integerOf } from '../replies.ts';
import type { Reply } from '../resp/reply.ts';
import { SLOTS, slotOf } from './slot.ts';

const NOBODY = 255;

/** Which member has which slot, as far as is known. A wrong entry costs a redirect. */
export class SlotMap {
  readonly #owners = new Uint8Array(SLOTS).fill(NOBODY);

  /** The ordinal of the member that has a slot; undefined where nobody is known to. */
  owner(slot: number): number | undefined {
    const owner = this.#owners[slot] as number;
    return owner === NOBODY ? undefined : owner;
  }

  /** A key of a slot that the member has, as far as is known; any where it is known to have none. */
  keyOf(member: number): string {
    for (let n = 0; n < SLOTS; n++) if (this.owner(slotOf(`probe${n}`)) === member) return `probe${n}`;
    return 'probe';
  }

  set(slot: number, member: number): void {
    this.#owners[slot] = member;
  }

  /**
   * Takes the answer to CLUSTER SLOTS; false where it tells of no slot. Slots of a Redis that is none of `members` stay as
   * they were. Throws where it makes no sense.
   */
  update(reply: Reply | undefined, members: readonly Endpoint[]): boolean {
    const ranges = elementsOf(reply);
    for (const range of ranges) {
      const [first, last, node] = elementsOf(range);
      const [host, port] = elementsOf(node);
      const member = ordinalOf(members, { host: String(host), port: integerOf(port) });
      if (member !== undefined) this.#owners.fill(member, integerOf(first), integerOf(last) + 1);
    }
    return ranges.length > 0;
  }
}

/** The ordinal of the member that listens there. */
export function ordinalOf(members: readonly Endpoint[], { host, port }: Endpoint): number | undefined {
  const at = members.findIndex((member) => member.host === host && member.port === port);
  return at < 0 ? undefined : at;
}
