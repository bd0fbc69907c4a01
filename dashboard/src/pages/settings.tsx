/** The page Settings. */
export function SettingsPage() {
  return <div className="page" />;
}
