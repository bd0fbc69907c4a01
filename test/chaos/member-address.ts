/** Addresses that the API server gives to Services, see cluster/test-apiserver.ts. */
const SERVICES = /^10\.96\.(\d+\.\d+)$/;

/** Whether that is the address of a Service, at which nobody is: the arena has no network. */
export const isServiceAddress = (address: string): boolean => SERVICES.test(address);

/** The address of the loopback network at which a member of a store is, by that of its Service; any other word as it is. */
export function behindService(word: string): string {
  return word.replace(SERVICES, `127.${216 + (process.pid % 39)}.$1`);
}
