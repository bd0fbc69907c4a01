/** The page Tokens. */
export function TokensPage() {
  return <div className="page" />;
}
