import type { ReconcileResult } from '../../kube/controller.ts';
import { type BackupLocation, placeOf } from '../resources/backup-place.ts';
import { verifiedStatus } from '../status/backup-status.ts';
import { jobPod, removePod, workOff } from './backup-jobs.ts';
import type { BackupRun } from './backup-run.ts';

/** Has what is stored read back and compared, once; the condition Verified tells what came of it. */
export async function verifyStored(run: BackupRun): Promise<ReconcileResult | undefined> {
  const { context, backup, signal } = run;
  const { location, sha256, conditions } = backup.status ?? {};
  const known = conditions?.find(({ type }) => type === 'Verified')?.status;
  if (known === 'True' || known === 'False') {
    const pod = jobPod(context, backup, 'verify');
    if (pod && known === 'True') await removePod(context, pod, signal);
    return undefined;
  }
  const { target, encryption, object } = location as unknown as BackupLocation;
  const job = { verb: 'verify', place: placeOf({ target, encryption, object }) } as const;
  const outcome = await workOff(context, backup, 'verify', { job, target, encryption }, signal);
  const report = (verified: Parameters<typeof verifiedStatus>[1]) =>
    run.report(verifiedStatus(backup, verified, context.now()));
  if (outcome.state === 'working') {
    const message = `what is stored is being read back${outcome.why === undefined ? '' : `: ${outcome.why}`}`;
    await report({ status: 'Unknown', reason: 'Verifying', message });
    return { requeueAfterMs: outcome.againInMs };
  }
  if (outcome.state === 'failed') await report({ status: 'False', ...outcome.failure });
  else if (outcome.data?.sha256 !== sha256)
    await report({ status: 'False', reason: 'Corrupt', message: 'what is stored is not what was sent' });
  else await report({ status: 'True', reason: 'Verified', message: 'what is stored was read back and is whole' });
  return { requeueAfterMs: 100 };
}
