import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { Answer, Call } from '../pipeline/call.ts';
import { ApiError } from '../pipeline/errors.ts';
import type { Operation } from '../pipeline/operation.ts';
import { file, NOSNIFF, once, pageHeaders } from './file.ts';

/** Where `npm run build` writes the dashboard: beside the bundle, which is elsewhere than the sources when these run. */
export const DASHBOARD_FOLDER = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/dashboard' : './dashboard', import.meta.url),
);

/** Types of the files that the dashboard is built of; one of another type is not served. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
};

/** A file and, where the build made it, the same in Brotli's compression. */
interface Served {
  body: Buffer;
  compressed: Buffer | undefined;
  type: string;
}

const INDEX = 'index.html';

const INDEX_HEADERS = {
  ...pageHeaders("font-src 'self'", "manifest-src 'self'", "require-trusted-types-for 'script'"),
  'Cross-Origin-Opener-Policy': 'same-origin',
  // It names the assets of the version that runs.
  'Cache-Control': 'no-cache',
};

/** An asset's name has a hash of what is in it, so that under one name there is never anything else. */
const ASSET_HEADERS = { ...NOSNIFF, 'Cache-Control': 'public, max-age=31536000, immutable' };
const OTHER_HEADERS = { ...NOSNIFF, 'Cache-Control': 'no-cache' };

/** The dashboard's files under `/dashboard/`, read from `folder` when they are first asked for; `/` leads browsers there. */
export function dashboard(folder: string): readonly Operation[] {
  const files = once(() => readFiles(folder));

  async function serve(name: string, { request }: Call): Promise<Answer> {
    const found = (await files()).get(name);
    if (!found) throw new ApiError('not_found', 'the dashboard has no such file; open /dashboard/');
    const { body, compressed, type } = found;
    const headers = headersOf(name);
    if (!compressed) return file(body, type, headers);
    const varying = { ...headers, Vary: 'Accept-Encoding' };
    if (!acceptsBrotli(request.headers['accept-encoding'])) return file(body, type, varying);
    return file(compressed, type, { ...varying, 'Content-Encoding': 'br' });
  }

  return [
    {
      ...common,
      id: 'root',
      path: '/',
      summary: 'Where people find the dashboard',
      run({ request }) {
        if (request.headers.accept?.includes('text/html')) return redirect(302, '/dashboard/');
        throw new ApiError('not_found', 'there is no such route; check the path');
      },
    },
    {
      ...common,
      id: 'dashboard',
      path: '/dashboard',
      summary: 'The dashboard, whose links count from /dashboard/',
      run: () => redirect(308, '/dashboard/'),
    },
    {
      ...common,
      id: 'dashboard:index',
      path: '/dashboard/',
      summary: 'The dashboard',
      run: (call) => serve(INDEX, call),
    },
    {
      ...common,
      id: 'dashboard:file',
      path: '/dashboard/{file}',
      summary: 'A file of the dashboard',
      run: (call) => serve(call.key, call),
    },
  ];
}

const common = {
  method: 'GET',
  tag: 'documentation',
  access: 'none',
  target: 'none',
  internal: true,
  answer: z.string(),
  errors: ['not_found'],
} as const;

/** All files of the folder by their paths in it; throws not_found where it was not built. */
async function readFiles(folder: string): Promise<ReadonlyMap<string, Served>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const bytes = new Map(await Promise.all(paths.map(async (path) => [path, await readFile(path)] as const)));
  const files = new Map<string, Served>();
  for (const [path, body] of bytes) {
    const type = TYPES[extname(path)];
    if (type) files.set(path.slice(folder.length + 1), { body, compressed: bytes.get(`${path}.br`), type });
  }
  if (!files.has(INDEX)) throw new ApiError('not_found', 'the dashboard is not built; run: npm run build');
  return files;
}

function headersOf(name: string): Record<string, string> {
  if (name === INDEX) return INDEX_HEADERS;
  return name.startsWith('assets/') ? ASSET_HEADERS : OTHER_HEADERS;
}

/** Whether an Accept-Encoding header (RFC 9110, section 12.5.3) names Brotli, and not with the weight 0. */
function acceptsBrotli(header: string | string[] | undefined): boolean {
  return /(?:^|,)\s*br\s*(?:$|,|;\s*q=(?!0(?:\.0*)?\s*(?:,|$)))/i.test(String(header ?? ''));
}

function redirect(status: 302 | 308, location: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: '', headers: { Location: location } };
}
