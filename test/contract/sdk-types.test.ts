import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { run } from '../../cluster/command.ts';
import { ERRORS } from '../../dataplane/pipeline/errors.ts';
import { forClients, type Schema } from './sdk-document.ts';

const root = join(import.meta.dirname, '../..');

/** The type of the SDK for each answer; `unknown` where the document has any JSON and the SDK a number. */
const answers: Record<string, string> = {
  getEntry: 'sdk.Entry',
  putEntry: 'sdk.Entry',
  deleteEntry: 'sdk.Deleted',
  incrementEntry: "Omit<sdk.Counter, 'value'> & { value: unknown }",
  scanKeys: 'sdk.Page',
  runBatch: '{ results: BatchResult[] }',
  getStatus: 'sdk.StoreStatus',
  enableKv: 'sdk.StoreEdited',
  updateKv: 'sdk.StoreEdited',
  disableKv: 'sdk.Done',
  listProjects: 'sdk.ProjectPage',
  listVersions: 'sdk.Versions',
  listTokens: '{ tokens: sdk.Token[] }',
  createToken: 'sdk.TokenCreated',
  revokeToken: 'sdk.Done',
  listBackups: 'sdk.BackupList',
  getBackup: 'sdk.Backup',
  createBackup: 'sdk.BackupCreated',
  deleteBackup: 'sdk.Done',
  setBackupPlace: 'sdk.Done',
  listBackupSchedules: '{ schedules: sdk.BackupSchedule[] }',
  putBackupSchedule: 'sdk.BackupScheduleWritten',
  deleteBackupSchedule: 'sdk.Done',
  restoreBackup: 'sdk.StoreEdited',
  failOver: 'sdk.Done',
  getScopes: 'sdk.TokenScopes',
  getUsage: 'sdk.Usage',
  getUsageHistory: 'sdk.UsageHistory',
  kvGet: '{ value: unknown }',
  kvSet: "{ result: 'OK' | null }",
  kvDel: '{ deleted: number }',
  kvIncr: '{ value: number }',
  kvExpire: '{ result: 0 | 1; success: boolean }',
  kvTtl: '{ ttl: number }',
  kvKeys: '{ keys: string[]; truncated?: true }',
};

/** The union of the SDK as the one shape that the document has for it. */
const batchResult = `interface BatchResult {
  key: string;
  value: unknown;
  status: sdk.BatchResult['status'];
  code?: sdk.WireErrorCode;
  message?: string;
}
const results: BatchResult[] = [] as sdk.BatchResult[];`;

/** A schema for the generator of types, which has its own idea of a schema that allows anything. */
function forTypes(schema: Schema): JSONSchema {
  const { properties, items, anyOf, oneOf, ...rest } = schema;
  const says = [schema.type, schema.const, schema.enum, anyOf, oneOf].some((each) => each !== undefined);
  const members = Object.entries(properties ?? {}).map(([name, each]) => [name, forTypes(each)]);
  return {
    ...rest,
    ...(says ? {} : { tsType: 'unknown' }),
    ...(properties ? { properties: Object.fromEntries(members) } : {}),
    ...(items ? { items: forTypes(items) } : {}),
    ...(anyOf || oneOf ? { anyOf: (anyOf ?? oneOf ?? []).map(forTypes) } : {}),
  } as JSONSchema;
}

describe('the types of the SDK and docs/openapi.json', () => {
  test('are the same for every answer, in both directions', async () => {
    assert.deepEqual(Object.keys(answers).sort(), forClients.map(({ id }) => id).sort());
    assert.equal(await compareTypes(answers), undefined);
  });

  test('a type that differs is found', async () => {
    const wrong: [string, string][] = [
      ['getEntry', "Omit<sdk.Entry, 'expires_at'>"],
      ['getEntry', 'sdk.Entry & { more: string }'],
      ['kvTtl', '{ ttl: number | null }'],
      ['kvSet', "{ result: 'OK' }"],
    ];
    for (const [id, type] of wrong) {
      assert.match((await compareTypes({ [id]: type })) ?? '', /error TS2/, `${id}: ${type}`);
    }
  });

  test('know every error code', async () => {
    const codes = Object.keys(ERRORS).map((code) => JSON.stringify(code));
    const source = `const code: sdk.WireErrorCode = '' as ${codes.join('|')}; const back: ${codes.join('|')} = code;`;
    assert.equal(await check(source), undefined);
  });
});

/** What the compiler says of those types beside the ones that the document makes; undefined for nothing. */
async function compareTypes(types: Record<string, string>): Promise<string | undefined> {
  const parts = [batchResult];
  for (const { id, answer } of forClients.filter((call) => call.id in types)) {
    const name = `Document${id[0]?.toUpperCase()}${id.slice(1)}`;
    parts.push(await compile(forTypes(answer ?? {}), name, { bannerComment: '', additionalProperties: false }));
    parts.push(`const to_${id}: ${name} = {} as ${types[id]};\nconst from_${id}: ${types[id]} = {} as ${name};`);
  }
  return check(parts.join('\n'));
}

/** What the compiler says of statements about the SDK's types, named `sdk`; undefined for nothing. */
async function check(source: string): Promise<string | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'cubby-types-'));
  try {
    const file = join(directory, 'types.mts');
    await writeFile(file, `import type * as sdk from ${JSON.stringify(join(root, 'sdk/src/index.ts'))};\n${source}\n`);
    const flags = '--noEmit --strict --target es2022 --module nodenext --allowImportingTsExtensions --lib es2022,dom';
    const printed = run(join(root, 'node_modules/.bin/tsc'), [...flags.split(' '), file], { cwd: directory });
    return await printed.then(
      () => undefined,
      (error: Error) => error.message,
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
