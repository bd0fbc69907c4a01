import { Check, TriangleAlert } from 'lucide-react';
import { createContext, type ReactNode, use, useCallback, useEffect, useState } from 'react';

/** `tone` is `good` where absent; `bad` for what did not work. */
type ShowToast = (text: string, tone?: 'good' | 'bad') => void;

const ToastContext = createContext<ShowToast>(() => {});
const SHOWN_MS = 4000;

/** Tells what was done, or was not: a short text that goes by itself and is read aloud. */
export function useToast(): ShowToast {
  return use(ToastContext);
}

/** Shows the toasts; one at a time, the newest. */
export function ToastProvider({ children }: { children: ReactNode }) {
  const [toast, setToast] = useState<{ text: string; tone: 'good' | 'bad'; at: number }>();
  const show: ShowToast = useCallback((text, tone = 'good') => setToast({ text, tone, at: performance.now() }), []);
  const Icon = toast?.tone === 'bad' ? TriangleAlert : Check;
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
            <Icon size={16} aria-hidden />
            {toast.text}
          </div>
        )}
      </div>
    </ToastContext>
  );
}
