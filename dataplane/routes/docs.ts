import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { createDocument } from '../openapi/document.ts';
import type { Operation } from '../pipeline/operation.ts';
import { file, NOSNIFF, once, pageHeaders } from './file.ts';

/** Files of the package swagger-ui-dist that the page loads, under /docs/; the image carries these of it and no others. */
export const ASSETS = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
} as const;

const HTML = 'text/html; charset=utf-8';
const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cubby API</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/page.js"></script>
</body>
</html>
`;

// The validator would be asked over the internet, and told of the document.
const SCRIPT = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#page', deepLinking: true, validatorUrl: null });\n`;

const common = { method: 'GET', tag: 'documentation', access: 'none', target: 'none', errors: [] } as const;

/** `GET /openapi.json` of all operations, these included, and `GET /docs`, which shows it without other hosts. */
export function docs(all: () => readonly Operation[]): readonly Operation[] {
  const document = once(async () => Buffer.from(JSON.stringify(createDocument(all()))));
  return [
    {
      ...common,
      id: 'getOpenApi',
      path: '/openapi.json',
      summary: 'This document',
      answer: z.looseObject({ openapi: z.string(), paths: z.record(z.string(), z.unknown()) }),
      run: async () => file(await document()),
    },
    {
      ...common,
      id: 'getDocs',
      path: '/docs',
      summary: 'This document as a page, from which calls can be tried',
      answer: z.string(),
      answerType: HTML,
      run: () => file(Buffer.from(PAGE), HTML, pageHeaders()),
    },
    asset('page.js', 'text/javascript; charset=utf-8', async () => Buffer.from(SCRIPT)),
    ...Object.entries(ASSETS).map(([name, type]) =>
      asset(name, type, () => readFile(new URL(import.meta.resolve(`swagger-ui-dist/${name}`)))),
    ),
  ];
}

function asset(name: string, type: string, read: () => Promise<Buffer>): Operation {
  const body = once(read);
  return {
    ...common,
    id: `docs:${name}`,
    path: `/docs/${name}`,
    summary: `${name} of the page`,
    internal: true,
    answer: z.string(),
    run: async () => file(await body(), type, { ...NOSNIFF, 'Cache-Control': 'public, max-age=3600' }),
  };
}
