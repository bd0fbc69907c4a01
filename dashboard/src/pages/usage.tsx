/** The page Usage. */
export function UsagePage() {
  return <div className="page" />;
}
