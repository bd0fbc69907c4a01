import * as z from 'zod';
import { FAILOVER_ANNOTATION } from '../../contract/labels.ts';
import { type Call, ok } from '../pipeline/call.ts';
import { ApiError } from '../pipeline/errors.ts';
import type { Operation } from '../pipeline/operation.ts';
import { writing } from './manage-backup-edit.ts';
import { doneSchema, managementCall } from './manage-common.ts';
import { findStore, requireSite } from './manage-site.ts';

/** `POST /api/kv/failover`: asks for a planned failover. */
export const failOver: Operation = {
  ...managementCall,
  id: 'failOver',
  method: 'POST',
  path: '/api/kv/failover',
  summary: 'Make a replica of the store of a project its primary',
  description:
    'Planned: writes pause until the replica has all of them. Answers when it is asked for; members of the status tell who is the primary.',
  access: 'system:admin',
  body: z.object({}),
  answer: doneSchema,
  errors: ['not_found', 'conflict', 'store_unavailable'],
  run: async (call) => ok(JSON.stringify(await askForFailover(call))),
};

async function askForFailover(call: Call) {
  const site = requireSite(call);
  await writing(site, 'KVStore', async () => {
    const store = await findStore(site);
    if (!store) throw new ApiError('not_found', 'the project has no store; make one with POST /api/kv/enable');
    const { members = [], topology } = store.status ?? {};
    if (topology?.mode !== 'Replicated') {
      throw new ApiError('conflict', 'the store has no replica that could take over; see spec.replicas of the KVStore');
    }
    if (!members.some(({ role, ready, linked }) => role === 'Replica' && ready && linked)) {
      throw new ApiError('conflict', 'no replica of the store is ready and connected to the primary; wait for one');
    }
    await site.management.editor.annotate(store, {
      [FAILOVER_ANNOTATION]: new Date(call.services.now()).toISOString(),
    });
  });
  call.changed = [`metadata.annotations.${FAILOVER_ANNOTATION}`];
  return { success: true, message: 'the failover is asked for' } as const;
}
