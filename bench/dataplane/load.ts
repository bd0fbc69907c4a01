import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../cluster/command.ts';

/** One request of a load; `path` is as it stands on the wire. */
export interface Request {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

/** Requests that a load goes through in turn, over so many connections. */
export interface Load {
  requests: readonly Request[];
  connections: number;
}

/** What wrk saw. Latencies in ms, from the request's sending to the answer's end, with every connection always busy. */
export interface LoadResult {
  requests: number;
  seconds: number;
  p50: number;
  p99: number;
  /** Answers of 400 and above, and requests that got none. */
  failed: number;
}

/** Puts `load` on a server of 127.0.0.1 by wrk with one thread. */
export async function applyLoad(directory: string, port: number, load: Load, seconds: number): Promise<LoadResult> {
  const script = join(directory, 'load.lua');
  await writeFile(script, await luaOf(directory, load));
  const output = await run('wrk', [
    '--threads=1',
    `--connections=${load.connections}`,
    `--duration=${seconds}s`,
    '--timeout=20s',
    `--script=${script}`,
    `http://127.0.0.1:${port}`,
  ]);
  const line = output.split('\n').find((text) => text.startsWith('{'));
  if (!line) throw new Error(`wrk printed no result:\n${output}`);
  return JSON.parse(line);
}

// Every request is put together once, so that wrk's own work for one is a table look-up.
async function luaOf(directory: string, { requests }: Load): Promise<string> {
  const lines = [
    'local requests, turn = {}, 0',
    'local function add(method, path, headers, name)',
    '  local file = name and io.open(name, "rb")',
    '  headers["Host"] = "localhost"',
    '  requests[#requests + 1] = wrk.format(method, path, headers, file and file:read("*a"))',
    '  if file then file:close() end',
    'end',
    'function init()',
  ];
  for (const [index, { method, path, headers = {}, body }] of requests.entries()) {
    const file = join(directory, `body-${index}`);
    if (body !== undefined) await writeFile(file, body);
    const table = Object.entries(headers).map(([name, value]) => `["${name}"] = "${value}"`);
    lines.push(`  add("${method}", "${path}", {${table.join(', ')}}, ${body === undefined ? 'nil' : `"${file}"`})`);
  }
  lines.push(
    'end',
    `function request() turn = turn % ${requests.length} + 1 return requests[turn] end`,
    'function done(summary, latency)',
    '  local errors = summary.errors',
    '  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout',
    `  print(string.format('{"requests":%d,"seconds":%f,"p50":%f,"p99":%f,"failed":%d}', summary.requests,`,
    '    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, failed))',
    'end',
  );
  return lines.join('\n');
}
