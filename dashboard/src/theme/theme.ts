/** What the user chose; `system` follows the device. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'cubby.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

/** The theme that was chosen on this device. */
export function readTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

/** Keeps the choice on this device and shows it. */
export function chooseTheme(theme: Theme): void {
  if (theme === 'system') localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  applyTheme();
}

/** Puts the chosen theme's colours on the page. */
export function applyTheme(): void {
  const theme = readTheme();
  const shown = theme === 'system' ? (dark.matches ? 'dark' : 'light') : theme;
  document.documentElement.dataset.theme = shown;
  dispatchEvent(new CustomEvent('themechange'));
}

/** Follows the device from now on, where no theme is chosen. */
export function followDevice(): void {
  dark.addEventListener('change', applyTheme);
}
