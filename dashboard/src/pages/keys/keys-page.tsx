/** The page KV Store: the keys of the project, and the value of the one that is open. */
export function KeysPage({ openKey }: { openKey: string | undefined }) {
  return <div className="page">{openKey}</div>;
}
