import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How an API is to be tested. */
export interface Run {
  url: string;
  token: string;
  /** What a token that is bound to no project names; absent for the others. */
  project?: string;
  mode: 'positive' | 'negative' | 'all';
  /** The most cases that are made up for each operation, beside those that every boundary of its schemas gives. */
  examples: number;
  /** Further arguments of `schemathesis run`. */
  args?: readonly string[];
}

/** What came of it. */
export interface Report {
  /** Requests that were made up. */
  cases: number;
  /** Operations that were tested. */
  operations: number;
  /** 0 where every check held. */
  exitCode: number;
  /** All that was printed; it holds no token. */
  output: string;
}

/** Tests every operation of the document at `<url>/openapi.json` by all checks, ours included. */
export async function runSchemathesis(
  program: string,
  { url, token, project, mode, examples, args }: Run,
): Promise<Report> {
  const directory = await mkdtemp(join(tmpdir(), 'cubby-schemathesis-'));
  try {
    const report = join(directory, 'report.json');
    const child = spawn(
      program,
      [
        ...['--config-file', join(import.meta.dirname, 'schemathesis.toml'), 'run', `${url}/openapi.json`],
        ...['--mode', mode, '--max-examples', String(examples), '--no-color', ...(args ?? [])],
        ...['--report', 'json', '--report-json-path', report],
      ],
      {
        cwd: directory,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...process.env,
          CUBBY_TOKEN: token,
          CUBBY_HOOKS: join(import.meta.dirname, 'hooks.py'),
          ...(project === undefined ? {} : { CUBBY_PROJECT: project }),
        },
      },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
      });
    }
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject).once('close', (code) => resolve(code ?? 1));
    });
    return { ...readReport(report, output), exitCode, output };
  } finally {
    await rm(directory, { recursive: true });
  }
}

function readReport(file: string, output: string): Pick<Report, 'cases' | 'operations'> {
  let report: { test_cases: { generated: number }; operations: { tested: number } };
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new Error(`schemathesis left no report:\n${output}`);
  }
  return { cases: report.test_cases.generated, operations: report.operations.tested };
}
