import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import * as z from 'zod';
import { close, listen } from '../../dataplane/http/server.ts';
import { createDocument, type OpenApiDocument } from '../../dataplane/openapi/document.ts';
import { ok } from '../../dataplane/pipeline/call.ts';
import type { Operation } from '../../dataplane/pipeline/operation.ts';
import type { Pool } from '../../dataplane/store/pool.ts';
import { type Api, startApi, type TenantFields } from '../integration/dataplane/api.ts';
import { createStage } from '../integration/dataplane/manage-editor.ts';
import { ensureSchemathesis } from '../schemathesis/install.ts';
import { type Report, type Run, runSchemathesis } from '../schemathesis/run.ts';
import { startTenantRedis, type TenantRedis } from './tenant-redis.ts';

const LEAST_CASES = 10_000;
/** Characters; what fails is told at the end. */
const MOST_OUTPUT = 20_000;

describe('requests of every kind, valid or not, to the API over a real Redis', () => {
  let redis: TenantRedis;
  let pool: Pool;
  let api: Api;
  const reports: Record<string, Report> = {};

  before(async () => {
    const program = await ensureSchemathesis();
    redis = await startTenantRedis('8.0');
    const { password } = redis;
    ({ pool } = redis.pool({ password: () => password }));
    const stage = createStage();
    const { management, reader } = stage;
    api = await startApi({ stores: pool, endpointOf: () => redis.server, management, backups: reader });
    stage.showIn = api.stores;
    stage.showTokensIn = api.tokens;
    const issue = (namespace: string, token: NonNullable<TenantFields['token']>) => api.tenant(namespace, { token });
    const run = async (name: string, about: Omit<Run, 'url'>) => {
      reports[name] = await runSchemathesis(program, { url: api.url, ...about });
    };
    // Whatever this token names as its project is ignored, so that what is wrong in that way is not refused. It goes
    // first, because all keys are in one Redis: another run could write again what this one deleted.
    await run('a project key', { token: issue('bound', { type: 'Project' }), mode: 'positive', examples: 150 });
    await Promise.all([
      run('an API key', {
        token: issue('named', { type: 'ApiKey' }),
        project: 'project-named',
        mode: 'all',
        examples: 350,
      }),
      run('an API key with the role SystemAdmin', {
        token: issue('cubby-system', { type: 'ApiKey', role: 'SystemAdmin' }),
        project: 'managed',
        mode: 'all',
        examples: 60,
        args: ['--include-tag', 'management'],
      }),
    ]);
  });
  after(async () => {
    api?.close();
    await pool?.close();
    await redis?.stop();
  });

  for (const name of ['a project key', 'an API key', 'an API key with the role SystemAdmin']) {
    test(`are answered as the document says, with ${name}`, () => {
      assert.equal(reports[name]?.exitCode, 0, reports[name]?.output.slice(-MOST_OUTPUT));
    });
  }
  test('go to every operation', async () => {
    const document = (await (await fetch(`${api.url}/openapi.json`)).json()) as OpenApiDocument;
    const operations = Object.values(document.paths).flatMap((methods) => Object.keys(methods));
    for (const name of ['a project key', 'an API key']) {
      // Schemathesis leaves out the call by which it gets the document.
      assert.equal(reports[name]?.operations, operations.length - 1, name);
    }
  });
  test(`were at least ${LEAST_CASES} different ones`, () => {
    const cases = Object.values(reports).map((report) => report.cases);
    console.log(`${cases.join(' + ')} cases`);
    assert.ok(cases.reduce((sum, count) => sum + count) >= LEAST_CASES, cases.join(' + '));
  });
});

test('a status and a header that the document does not have are found', async () => {
  const one = (name: string): Operation => ({
    id: name,
    method: 'GET',
    path: `/${name}`,
    tag: 'test',
    summary: name,
    access: 'none',
    target: 'none',
    answer: z.literal('ok'),
    errors: [],
    run: () => ok('"ok"'),
  });
  const document = JSON.stringify(createDocument([one('status'), one('header')]));
  const common = { 'Content-Type': 'application/json', 'X-Request-Id': 'a', 'Cache-Control': 'no-store' };
  const server = createServer(({ url }, response) => {
    if (url === '/openapi.json') response.writeHead(200, common).end(document);
    else if (url?.startsWith('/status')) response.writeHead(418, common).end('"ok"');
    else response.writeHead(200, { ...common, 'X-Odd': '1' }).end('"ok"');
  });
  const port = await listen(server, 0, '127.0.0.1');
  try {
    const program = await ensureSchemathesis();
    const url = `http://127.0.0.1:${port}`;
    const report = await runSchemathesis(program, { url, token: 'none', mode: 'positive', examples: 1 });
    assert.equal(report.exitCode, 1);
    assert.match(report.output, /GET \/status.*Received: 418/s);
    assert.match(report.output, /GET \/header.*not in the document: x-odd/s);
  } finally {
    await close(server, 0);
  }
});
