import type { StoreStatus } from '../../../../sdk/src/index.ts';
import { Command } from '../../components/command.tsx';

/** Why nothing can be changed here, and how it can be. */
export function ReadOnly({ status, isAdmin }: { status: StoreStatus; isAdmin: boolean }) {
  const { namespace, name } = status;
  return (
    <section className="card section" aria-labelledby="read-only-title">
      <div>
        <h2 id="read-only-title">Settings are made in Kubernetes</h2>
        <p className="soft">
          {isAdmin
            ? `This store is not one that is made over the API: it belongs to whoever runs the namespace ${namespace}. Change its KVStore there:`
            : 'This token may look and not change. Sign in with an API key that has the role SystemAdmin, or change the KVStore where you may:'}
        </p>
      </div>
      <Command line={`kubectl -n ${namespace} edit kvstore ${name}`} />
    </section>
  );
}
