import { Clock } from 'lucide-react';
import { useEffect } from 'react';
import { formatLeft, formatMoment } from '../../time/duration.ts';
import { useNow } from '../../time/now.ts';

/** The store's clock may be behind this device's: it is asked again until it says so too. */
const AGAIN_MS = 3000;

/** When a key expires and how long that is from now; `onEnd` is called when that time comes, and again from time to time. */
export function ExpiryText({ expiresAt, onEnd }: { expiresAt: number | null; onEnd(): void }) {
  const now = useNow(expiresAt === null ? undefined : 1000);
  const over = expiresAt !== null && now >= expiresAt;
  useEffect(() => {
    if (!over) return;
    onEnd();
    const timer = setInterval(onEnd, AGAIN_MS);
    return () => clearInterval(timer);
  }, [over, onEnd]);
  if (expiresAt === null) return <span className="soft">Never expires</span>;
  return (
    <span className="expiry-text">
      <Clock size={14} aria-hidden />
      <strong className="numeric" role="timer">
        {over ? 'Expired' : `${formatLeft(expiresAt - now)} left`}
      </strong>
      <span className="soft">{formatMoment(expiresAt)}</span>
    </span>
  );
}
