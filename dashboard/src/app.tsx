import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import { ErrorBoundary } from './components/error-boundary.tsx';
import { ToastProvider } from './components/toast.tsx';
import { Shell } from './layout/shell.tsx';
import { SessionProvider } from './session/session.tsx';

/** The whole dashboard. */
export function App() {
  // The SDK repeats what is safe to repeat.
  const [queries] = useState(
    () =>
      new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 5000 }, mutations: { retry: false } } }),
  );
  return (
    <CSPProvider disableStyleElements>
      <ErrorBoundary>
        <QueryClientProvider client={queries}>
          <ToastProvider>
            <SessionProvider>
              <Shell />
            </SessionProvider>
          </ToastProvider>
        </QueryClientProvider>
      </ErrorBoundary>
    </CSPProvider>
  );
}
