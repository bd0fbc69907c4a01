import { memberFileNames } from '../../operator/resources/member-pod.ts';

/** Addresses that the API server gives to Services, see cluster/test-apiserver.ts. */
const NET = `127.${216 + (process.pid % 39)}`;
const SERVICES = /^10\.96\.(\d+\.\d+)$/;

/** Whether that is the address of a Service, at which nobody is: the arena has no network. */
export const isServiceAddress = (address: string): boolean => SERVICES.test(address);

/** The address of the loopback network at which a member of a store is, by that of its Service; any other word as it is. */
export function behindService(word: string): string {
  return word.replace(SERVICES, `${NET}.$1`);
}

/** The address of the Service of a member that is there. */
export function serviceBefore(address: string): string {
  return address.startsWith(`${NET}.`) ? address.replace(NET, '10.96') : address;
}

/** Where a member of a store is, by the file that says so; undefined while its Service has no address. */
export function memberAddress(members: string, ordinal: number): string | undefined {
  const line = members.split('\n').find((one) => one.startsWith(`${ordinal} `));
  const address = line?.split(' ')[1] ?? '';
  return isServiceAddress(address) ? behindService(address) : undefined;
}

/** The files that a member's pod mounts, by name, with the addresses at which members are; undefined until all are there. */
export function memberFiles(
  map: Readonly<Record<string, string>>,
  secret: Readonly<Record<string, string>>,
): Record<string, string> | undefined {
  const { plain, secret: hidden } = memberFileNames;
  const all = { ...map, ...secret };
  if (![...plain, ...hidden].every((name) => name in all)) return undefined;
  const members = (all.members ?? '').split(' ').map(behindService).join(' ');
  return { ...all, members };
}
