import { KubeError } from './errors.ts';
import type { Resource } from './resources.ts';

/** `metav1.Status`, the body of every refusal. */
export interface Status {
  message?: string;
  reason?: string;
  details?: { name?: string; retryAfterSeconds?: number; causes?: { field?: string; reason?: string }[] };
}

/** The error for an answer of 300 and above; `retryAfter` is the header's text. */
export function failureOf(resource: Resource, status: number, retryAfter: string | undefined, body: string): KubeError {
  const seconds = Number.parseInt(retryAfter ?? '', 10);
  return failureFromStatus(resource, status, parseStatus(body), Number.isNaN(seconds) ? undefined : seconds);
}

/** The error for a `Status` that came as a body or as an ERROR event of a watch. */
export function failureFromStatus(resource: Resource, code: number, status: Status, retryAfter?: number): KubeError {
  const fields = (status.details?.causes ?? []).flatMap(({ field }) => (field ? [field] : []));
  return new KubeError({
    status: code,
    reason: status.reason || `HTTP${code}`,
    message: messageOf(resource, code, status, fields),
    retryAfterSeconds: retryAfter ?? status.details?.retryAfterSeconds,
    fields,
  });
}

/** Statuses whose messages speak of names, rights and versions, never of an object's values. */
const namesOnly = new Set([401, 403, 404, 409, 410, 429]);

function messageOf(resource: Resource, code: number, status: Status, fields: readonly string[]): string {
  // Messages about what an object holds quote it, which in a Secret nobody may read.
  const quotesValues = resource.plural === 'secrets' && !namesOnly.has(code);
  if (!quotesValues && status.message) return status.message;
  const name = status.details?.name ? ` ${status.details.name}` : '';
  const where = fields.length > 0 ? ` at ${fields.join(', ')}` : '';
  return `${resource.kind}${name} refused with status ${code} (${status.reason || 'no reason given'})${where}`;
}

function parseStatus(body: string): Status {
  try {
    const parsed = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    // A proxy or load balancer answered: its page is of no use to anybody.
    return {};
  }
}
