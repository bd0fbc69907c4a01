import { CircleAlert, Hourglass, Moon, TriangleAlert, Wallet, WifiOff } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { explain } from '../api/problem.ts';
import { Button } from './button.tsx';
import { EmptyState } from './empty-state.tsx';

const ICONS: Record<string, typeof Moon> = {
  store_hibernated: Moon,
  insufficient_tokens: Wallet,
  rate_limited: Hourglass,
  store_unavailable: TriangleAlert,
  network_error: WifiOff,
};

interface ProblemStateProps {
  error: unknown;
  onRetry(): void;
  /** Further ways out. */
  actions?: ReactNode;
}

/** In place of content that could not be fetched. What passes by itself is tried again when the server says so. */
export function ProblemState({ error, onRetry, actions }: ProblemStateProps) {
  const problem = explain(error);
  const left = useCountdown(error, problem.retryAfterMs, onRetry);
  const Icon = ICONS[problem.code] ?? CircleAlert;
  return (
    <div role="alert">
      <EmptyState
        icon={<Icon size={20} aria-hidden />}
        title={problem.title}
        tone={problem.retryAfterMs === undefined && problem.code !== 'store_hibernated' ? 'danger' : 'warn'}
        actions={
          <>
            <Button onClick={onRetry}>Try again</Button>
            {actions}
          </>
        }
      >
        <p>
          {problem.detail} {problem.remedy}
        </p>
        {left !== undefined && <p className="numeric">Trying again in {left} s.</p>}
        {problem.requestId !== undefined && <p className="request-id">Request {problem.requestId}</p>}
      </EmptyState>
    </div>
  );
}

/** Seconds until `onEnd` is called, `ms` after `error` came. */
function useCountdown(error: unknown, ms: number | undefined, onEnd: () => void): number | undefined {
  const [left, setLeft] = useState<number>();
  const end = useRef(onEnd);
  end.current = onEnd;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each further error starts the count anew
  useEffect(() => {
    if (ms === undefined) return setLeft(undefined);
    const until = Date.now() + ms;
    const tick = () => setLeft(Math.max(0, Math.ceil((until - Date.now()) / 1000)));
    tick();
    const ticks = setInterval(tick, 250);
    const ending = setTimeout(() => end.current(), ms);
    return () => {
      clearInterval(ticks);
      clearTimeout(ending);
    };
  }, [error, ms]);
  return left;
}
