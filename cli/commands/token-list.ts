import type { KVToken } from '../../contract/objects.ts';
import { kvTokens } from '../access/kinds.ts';
import type { Output } from '../output/output.ts';
import { renderTable } from '../output/table.ts';
import { ageOf, formatAge, NOTHING } from '../output/words.ts';
import type { Session } from '../session.ts';

/** `cubby token list` */
export async function list(session: Session, _args: unknown, { allNamespaces }: { allNamespaces?: true }) {
  const { client } = await session.cluster();
  const { output } = session;
  const namespace = allNamespaces ? undefined : await session.namespace();
  const { items } = await client.list<KVToken>(kvTokens, { namespace });
  const store = session.options.store;
  const views = items.filter(({ spec }) => store === undefined || spec.storeRef?.name === store).map(viewToken);
  output.show({ tokens: views }, () => table(views, output, allNamespaces === true));
}

type TokenView = ReturnType<typeof viewToken>;

function table(tokens: readonly TokenView[], output: Output, withNamespace: boolean): string {
  const now = Date.now();
  const wide = output.format === 'wide';
  const titles = [
    ...(withNamespace ? ['NAMESPACE'] : []),
    ...['NAME', 'TYPE', 'STORE', 'SCOPES', 'TOKEN', 'STATE', 'EXPIRES', 'SECRET', 'AGE'],
    ...(wide ? ['ROTATES', 'MESSAGE'] : []),
  ];
  const rows = tokens.map((token) => [
    ...(withNamespace ? [token.namespace] : []),
    token.name,
    token.type,
    token.store ?? NOTHING,
    [...token.scopes, ...(token.role ? [token.role] : [])].join(','),
    token.lastFour ? `${token.prefix ?? ''}…${token.lastFour}` : NOTHING,
    output.paint(token.accepted ? 'good' : 'bad', token.accepted ? 'accepted' : (token.reason ?? 'pending')),
    token.expiresAt ? whenIs(token.expiresAt, now) : 'never',
    token.secretName ?? NOTHING,
    ageOf(token.createdAt, now),
    ...(wide ? [token.rotatesAt ? whenIs(token.rotatesAt, now) : NOTHING, token.message ?? NOTHING] : []),
  ]);
  return renderTable(
    titles.map((title) => ({ title })),
    rows,
  );
}

function whenIs(time: string, now: number): string {
  const ms = Date.parse(time) - now;
  return ms > 0 ? `in ${formatAge(ms)}` : `${formatAge(-ms)} ago`;
}

/** A token as `-o json` shows it: never its text. */
export function viewToken({ metadata, spec, status }: KVToken) {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    type: spec.type,
    store: spec.storeRef?.name ?? null,
    projectId: status?.projectId ?? null,
    scopes: spec.scopes,
    role: spec.role ?? null,
    prefix: status?.prefix ?? null,
    lastFour: status?.lastFour ?? null,
    accepted: ready?.status === 'True',
    reason: ready?.reason ?? null,
    message: ready?.message ?? null,
    secretName: status?.secretName ?? null,
    expiresAt: spec.expiresAt ?? null,
    rotatesAt: status?.rotatesAt ?? null,
    createdAt: metadata.creationTimestamp,
  };
}
