/** Where a token is kept: `tab` ends with the browser's tab, `device` outlives it. */
export interface TokenStorages {
  tab: Storage;
  device: Storage;
}

const KEY = 'cubby.token';

/** The token that was kept, and whether it is on the device. */
export function loadToken({ tab, device }: TokenStorages): { token: string; remembered: boolean } | undefined {
  const token = tab.getItem(KEY);
  if (token !== null) return { token, remembered: device.getItem(KEY) === token };
  const kept = device.getItem(KEY);
  return kept === null ? undefined : { token: kept, remembered: true };
}

/** Keeps a token for the tab, and on the device only where the user asked for that. */
export function saveToken({ tab, device }: TokenStorages, token: string, remember: boolean): void {
  tab.setItem(KEY, token);
  if (remember) device.setItem(KEY, token);
  else device.removeItem(KEY);
}

/** Forgets the token wherever it is kept. */
export function forgetToken({ tab, device }: TokenStorages): void {
  tab.removeItem(KEY);
  device.removeItem(KEY);
}

/** A token as it may be shown: its kind and last four characters. */
export function maskToken(token: string): string {
  const kind = /^[a-z]+(?:_live)?_/.exec(token)?.[0] ?? '';
  return `${kind}…${token.slice(-4)}`;
}
