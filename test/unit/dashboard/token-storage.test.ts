import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forgetToken, loadToken, maskToken, saveToken } from '../../../dashboard/src/session/storage.ts';

function storage(): Storage {
  const items = new Map<string, string>();
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
    get length() {
      return items.size;
    },
  } as Storage;
}

test('a token outlives the tab only where that was asked for', () => {
  const [tab, device] = [storage(), storage()];
  saveToken({ tab, device }, 'sk_live_a', false);
  assert.deepEqual(loadToken({ tab, device }), { token: 'sk_live_a', remembered: false });
  assert.equal(device.length, 0);
  assert.equal(loadToken({ tab: storage(), device }), undefined);

  saveToken({ tab, device }, 'sk_live_b', true);
  assert.deepEqual(loadToken({ tab: storage(), device }), { token: 'sk_live_b', remembered: true });
});

test('signing in without the tick forgets what an earlier session left on the device', () => {
  const [tab, device] = [storage(), storage()];
  saveToken({ tab, device }, 'sk_live_a', true);
  saveToken({ tab, device }, 'sk_live_b', false);
  assert.equal(device.length, 0);
});

test('signing out leaves nothing anywhere', () => {
  const [tab, device] = [storage(), storage()];
  saveToken({ tab, device }, 'sk_live_a', true);
  forgetToken({ tab, device });
  assert.equal(tab.length + device.length, 0);
});

test('a shown token is its kind and four characters', () => {
  assert.equal(maskToken('sk_live_abcdefghijklmnop1234'), 'sk_live_…1234');
  assert.equal(maskToken('tk_abcdefgh9876'), 'tk_…9876');
});
