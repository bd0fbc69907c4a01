import { Check } from 'lucide-react';
import { createContext, type ReactNode, use, useCallback, useEffect, useState } from 'react';

const ToastContext = createContext<(text: string) => void>(() => {});
const SHOWN_MS = 4000;

/** Tells that something was done: a short text that goes by itself and is read aloud. */
export function useToast(): (text: string) => void {
  return use(ToastContext);
}

/** Shows the toasts; one at a time, the newest. */
export function ToastProvider({ children }: { children: ReactNode }) {
  const [toast, setToast] = useState<{ text: string; at: number }>();
  const show = useCallback((text: string) => setToast({ text, at: performance.now() }), []);
  useEffect(() => {
    if (!toast) return;
    const timer = setTimeout(() => setToast(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast]);
  return (
    <ToastContext value={show}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {toast && (
          <div className="toast" key={toast.at}>
            <Check size={16} aria-hidden />
            {toast.text}
          </div>
        )}
      </div>
    </ToastContext>
  );
}
