import * as z from 'zod';
import type { Answer } from '../pipeline/call.ts';
import type { Operation } from '../pipeline/operation.ts';

/** What the probes ask of the process. */
export interface Health {
  /** The directory has been read, and the process is not stopping. No store and no API server has a say in it. */
  ready: () => boolean;
}

/** `GET /livez` and `GET /readyz`. */
export function probes(health: Health): readonly Operation[] {
  const probe = {
    method: 'GET',
    tag: 'probes',
    access: 'none',
    target: 'none',
    answer: z.string(),
    answerType: 'text/plain; charset=utf-8',
    errors: [],
  } as const;
  return [
    { ...probe, id: 'livez', path: '/livez', summary: 'Whether the process runs', run: () => text(200, 'ok\n') },
    {
      ...probe,
      id: 'readyz',
      path: '/readyz',
      summary: 'Whether the process takes requests',
      otherAnswers: { 503: 'The directory is not read yet, or the process is stopping' },
      run: () =>
        health.ready()
          ? text(200, 'ok\n')
          : text(503, 'not ready: the directory is not read yet, or the process is stopping\n', { 'Retry-After': '1' }),
    },
  ];
}

function text(status: number, body: string, headers: Answer['headers'] = {}): Answer {
  return { status, type: 'text/plain; charset=utf-8', body, headers };
}
