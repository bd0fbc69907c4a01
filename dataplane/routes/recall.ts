import type { IncomingHttpHeaders } from 'node:http';
import type { Call } from '../pipeline/call.ts';
import { discard } from '../pipeline/discard.ts';
import type { Entry } from '../store/port.ts';

/** Whether a read may be answered from memory or by a replica: not where the client asks for a fresh answer (RFC 9111, section 5.2.1). */
export function mayRecall(headers: IncomingHttpHeaders): boolean {
  const control = headers['cache-control'];
  return control === undefined || !/(?:^|[\s,])no-(?:store|cache)(?:$|[\s,])/i.test(control);
}

/**
 * What is under a key, and what is made of it, which must keep no part of it: no promise where memory knows it. Throws
 * where there is no room for it in an answer.
 */
export function withEntry<T>(
  { store, request, services, token }: Call,
  key: string,
  use: (entry: Entry | null) => T,
): T | Promise<T> {
  if (store.recall && mayRecall(request.headers)) {
    const known = store.recall(key);
    if (known !== undefined) return make(known);
  }
  const read = store.near && mayRecall(request.headers) ? store.near(key) : store.get(key);
  return read.then((entry) => {
    const made = make(entry);
    if (entry?.unshared) discard(entry.value);
    return made;
  });

  function make(entry: Entry | null): T {
    services.budget.check(token.namespace);
    return use(entry);
  }
}
