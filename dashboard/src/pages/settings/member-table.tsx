import type { ReactNode } from 'react';
import type { StoreMember } from '../../../../sdk/src/index.ts';
import { Badge } from '../../components/badge.tsx';

interface MemberTableProps {
  members: readonly StoreMember[];
  /** What else is told of each. */
  detail: string;
  detailOf(member: StoreMember): ReactNode;
}

/** The Redis pods of a store, one a row. */
export function MemberTable({ members, detail, detailOf }: MemberTableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section className="record-card" aria-label="Redis pods" tabIndex={0}>
      <table className="table records">
        <thead>
          <tr>
            <th scope="col">Pod</th>
            <th scope="col">Role</th>
            <th scope="col">State</th>
            <th scope="col">{detail}</th>
            <th scope="col">Node</th>
          </tr>
        </thead>
        <tbody>
          {members.map((member) => (
            <tr key={member.name}>
              <th scope="row">{member.name}</th>
              <td data-label="Role">{member.role ?? 'Does not answer'}</td>
              <td data-label="State">
                <Badge tone={member.ready ? 'good' : 'danger'} dot>
                  {member.ready ? 'Ready' : 'Not ready'}
                </Badge>
              </td>
              <td data-label={detail}>{detailOf(member)}</td>
              <td data-label="Node">{member.node ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
