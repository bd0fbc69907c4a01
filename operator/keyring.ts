import { type MasterKeys, sameMasterKeys, succeedMasterKeys } from '../contract/credentials.ts';

/** The master keys that the operator goes by. */
export interface Keyring {
  /** Gives the keys to begin with; of no effect once the Secret was seen. */
  begin(keys: MasterKeys): void;
  /** Takes what the Secret holds now. Whether the keys in use are others for that. */
  follow(found: MasterKeys): boolean;
  /** The keys in use. Throws before there are any. */
  keys(): MasterKeys;
  /** Whether the Secret was seen. */
  isStored(): boolean;
}

/** An empty keyring. */
export function createKeyring(): Keyring {
  let stored: MasterKeys | undefined;
  let keys: MasterKeys | undefined;
  return {
    begin(first) {
      keys ??= first;
    },
    follow(found) {
      if (stored && sameMasterKeys(found, stored)) return false;
      stored = found;
      const before = keys;
      keys = before ? succeedMasterKeys(before, found) : found;
      return before === undefined || !sameMasterKeys(before, keys);
    },
    keys() {
      if (!keys) throw new Error('the master key is not known yet');
      return keys;
    },
    isStored: () => stored !== undefined,
  };
}
