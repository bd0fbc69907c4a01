import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Informants, Primary } from '../../../../dataplane/store/replicated/primary.ts';
import type { Connection } from '../../../../dataplane/store/resp/connection.ts';

test('where no primary is found the connections to the Sentinels do not stay', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let closed = 0;
  const informants: Informants = {
    primary: () => Promise.reject(new Error('nobody names one')),
    inDoubt: true,
    isReplaced: () => assert.fail('there is nobody to replace'),
    close: () => closed++,
  };
  const connect = () => assert.fail('there is nothing to connect to');
  const primary = new Primary([], informants, connect, () => 0);
  const opened = assert.rejects(primary.open(), /nobody names one/);
  t.mock.timers.tick(500);
  assert.equal(closed, 0, 'while it is looked for they are needed');
  await opened;
  t.mock.timers.tick(500);
  assert.equal(closed, 1);
});

test('while there is doubt, who was replaced is let go though the Sentinels name it still, and not taken again', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const said = { inDoubt: true, isReplaced: false };
  const informants: Informants = {
    primary: async () => 0,
    get inDoubt() {
      return said.inDoubt;
    },
    isReplaced: async () => said.isReplaced,
    close: () => {},
  };
  let finished = 0;
  const connect = () =>
    ({
      ready: true,
      connect: async () => {},
      send: async () => [Buffer.from('master'), 0, []],
      finish: () => finished++,
      close: () => {},
    }) as unknown as Connection;
  const primary = new Primary([{ host: 'a', port: 6379 }], informants, connect, () => 0);
  await primary.open();
  t.mock.timers.tick(500);
  await sleep(50);
  assert.equal(finished, 0, 'nobody has replaced it');
  said.isReplaced = true;
  // It is looked at again without another tick.
  await sleep(250);
  assert.equal(finished, 1);
  await assert.rejects(primary.open(), { code: 'ENOTPRIMARY' });
  said.inDoubt = false;
  await primary.open();
  t.mock.timers.tick(500);
  await sleep(50);
  assert.equal(finished, 1, 'without doubt nobody but the Sentinels is asked');
});
