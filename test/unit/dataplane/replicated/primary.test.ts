import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Primary } from '../../../../dataplane/store/replicated/primary.ts';
import type { Sentinels } from '../../../../dataplane/store/replicated/sentinels.ts';

test('where no primary is found the connections to the Sentinels do not stay', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let closed = 0;
  const sentinels: Pick<Sentinels, 'primary' | 'close'> = {
    primary: () => Promise.reject(new Error('nobody names one')),
    close: () => closed++,
  };
  const connect = () => assert.fail('there is nothing to connect to');
  const primary = new Primary([], sentinels, connect, () => 0);
  const opened = assert.rejects(primary.open(), /nobody names one/);
  t.mock.timers.tick(500);
  assert.equal(closed, 0, 'while it is looked for they are needed');
  await opened;
  t.mock.timers.tick(500);
  assert.equal(closed, 1);
});
