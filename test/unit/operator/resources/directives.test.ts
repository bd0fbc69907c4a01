import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readTenantConfig, TENANT_DIRECTIVES, withDefaults } from '../../../../operator/resources/directives.ts';
import { redisConf } from '../../../../operator/resources/redis-conf.ts';
import { plan } from '../objects.ts';

test('what is not in the list is named, whatever Object has of that name', () => {
  const { values, unknown } = readTenantConfig({ timeout: '1', constructor: '1', hz: '20' });
  assert.deepEqual(unknown, ['timeout', 'constructor']);
  assert.deepEqual(values, { hz: '20' });
});

test('values are read as CONFIG GET shows them', () => {
  const { values } = readTenantConfig({
    'maxmemory-clients': '5mb',
    hz: '020',
    activedefrag: 'yes',
    maxclients: '100',
  });
  assert.deepEqual(values, { 'maxmemory-clients': '5242880', hz: '20', activedefrag: 'yes', maxclients: '100' });
});

test('a value of the wrong kind is refused with how to write it', () => {
  const { malformed } = readTenantConfig({ hz: 'fast', activedefrag: 'maybe', 'maxmemory-clients': '-1' });
  assert.deepEqual(
    malformed.map(({ name }) => name),
    ['hz', 'activedefrag', 'maxmemory-clients'],
  );
  for (const { remedy } of malformed) assert.match(remedy, /for example/);
});

test('no value brings in another line or another word', () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(TENANT_DIRECTIVES)), fc.string({ unit: 'binary' }), (name, value) => {
      const { values } = readTenantConfig({ [name]: value });
      const lines = redisConf({ ...plan().settings, config: values }).split('\n');
      assert.equal(lines.length, redisConf(plan().settings).split('\n').length + Object.keys(values).length);
      for (const taken of Object.values(values)) assert.match(taken, /^[\w-]+$/);
    }),
  );
});

test('what is not given has its default', () => {
  const all = withDefaults({ hz: '20' });
  assert.equal(all.hz, '20');
  assert.equal(all.maxclients, '10000');
  assert.deepEqual(Object.keys(all).sort(), Object.keys(TENANT_DIRECTIVES).sort());
});

test('nothing in the list touches network, users, files, modules, memory or persistence', () => {
  const managed =
    /^(bind|port|unixsocket|protected-mode|acl|user|requirepass|rename|dir|dbfilename|logfile|loadmodule|enable-|replica|slaveof|cluster|tls|maxmemory$|maxmemory-policy|append|save|aof-|stop-writes)/;
  for (const name of Object.keys(TENANT_DIRECTIVES)) assert.doesNotMatch(name, managed);
});
