import type { StoreMember, StoreStatus } from '../../../../sdk/src/index.ts';
import { formatCount, formatShare } from '../usage/format.ts';
import { MemberTable } from './member-table.tsx';

const SLOTS = 16_384;

/** The shards of a store, and how much of the keys each is for. */
export function Shards({ status }: { status: StoreStatus }) {
  return (
    <section className="card section" aria-labelledby="shards-title">
      <div className="section-head">
        <h2 id="shards-title">Shards</h2>
      </div>
      <MemberTable members={status.members} detail="Slots" detailOf={slotWords} />
    </section>
  );
}

function slotWords({ slots }: StoreMember) {
  return slots === null ? '–' : `${formatCount(slots)} (${formatShare(slots / SLOTS)})`;
}
