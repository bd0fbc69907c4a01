import { useEffect, useRef } from 'react';

/**
 * Calls `act` with keys that are pressed, but not while someone types, a dialog is open or a modifier is held. It
 * returns whether the key meant something to it.
 */
export function useShortcuts(act: (pressed: string) => boolean): void {
  const current = useRef(act);
  current.current = act;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const { target, key, ctrlKey, metaKey, altKey, defaultPrevented } = event;
      if (ctrlKey || metaKey || altKey || defaultPrevented) return;
      if (target instanceof Element && target.closest('input, textarea, select, [role="dialog"]')) return;
      if (document.querySelector('[role="dialog"]')) return;
      if (current.current(key)) event.preventDefault();
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, []);
}
