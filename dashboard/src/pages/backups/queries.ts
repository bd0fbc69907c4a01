import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type {
  BackupList,
  BackupPlace,
  BackupSchedule,
  BackupScheduleWish,
  BackupWish,
  RestoreWish,
} from '../../../../sdk/src/index.ts';
import { useApi } from '../../api/api.tsx';

const GOING_ON_MS = 1000;
const SETTLED_MS = 30_000;

/** The backups of the project and where further ones go; asked again each second while one is on its way. */
export function useBackups() {
  const { management, projectId } = useApi();
  return useQuery({
    queryKey: ['backups', projectId],
    queryFn: ({ signal }) => management.backups.list(projectId, { signal }),
    refetchInterval: ({ state }) => (isGoingOn(state.data) ? GOING_ON_MS : SETTLED_MS),
  });
}

function isGoingOn(list: BackupList | undefined): boolean {
  return list?.backups.some(({ state }) => state === 'pending' || state === 'running' || state === 'deleting') ?? false;
}

/** The schedules of the project; asked again each second while the operator has not seen one, or one makes a backup. */
export function useSchedules() {
  const { management, projectId } = useApi();
  return useQuery({
    queryKey: ['schedules', projectId],
    queryFn: async ({ signal }) => (await management.backups.schedules.list(projectId, { signal })).schedules,
    refetchInterval: ({ state }) => (state.data?.some(isAtWork) ? GOING_ON_MS : SETTLED_MS),
  });
}

function isAtWork({ active, suspended, next_at, message }: BackupSchedule): boolean {
  return active !== null || (!suspended && next_at === null && message === null);
}

/** Asks for a backup now. */
export function useCreateBackup() {
  const { management, projectId } = useApi();
  return useChange('backups', (wish: BackupWish) => management.backups.create({ projectId, ...wish }));
}

/** Deletes a backup; `data` says what becomes of what is stored. */
export function useDeleteBackup() {
  const { management, projectId } = useApi();
  return useChange('backups', ({ name, data }: { name: string; data: 'keep' | 'delete' }) =>
    management.backups.delete(name, { projectId, data }),
  );
}

/** Says where backups go. */
export function useSetPlace() {
  const { management, projectId } = useApi();
  return useChange('backups', (place: BackupPlace) => management.backups.setPlace(place, projectId));
}

/** Makes a schedule, or replaces one. */
export function usePutSchedule() {
  const { management, projectId } = useApi();
  return useChange('schedules', ({ name, ...wish }: BackupScheduleWish & { name: string }) =>
    management.backups.schedules.put(name, { projectId, ...wish }),
  );
}

/** Deletes a schedule. */
export function useDeleteSchedule() {
  const { management, projectId } = useApi();
  return useChange('schedules', (name: string) => management.backups.schedules.delete(name, projectId));
}

/** Begins a restore, into the project where the wish names no other. */
export function useRestore() {
  const { management, projectId } = useApi();
  return useChange('status', (wish: RestoreWish) => management.restore({ projectId, ...wish }));
}

/** A change after which what is kept under the key is read again. */
function useChange<Wish, Answer>(key: string, mutationFn: (wish: Wish) => Promise<Answer>) {
  const { projectId } = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn,
    onSettled: () => queries.invalidateQueries({ queryKey: [key, projectId] }),
  });
}
