import { Clock } from 'lucide-react';
import { useEffect } from 'react';
import { formatLeft, formatMoment } from '../../time/duration.ts';
import { useNow } from '../../time/now.ts';

/** When a key expires and how long that is from now; `onEnd` is called once when that time comes. */
export function ExpiryText({ expiresAt, onEnd }: { expiresAt: number | null; onEnd(): void }) {
  const now = useNow(expiresAt === null ? undefined : 1000);
  const over = expiresAt !== null && now >= expiresAt;
  useEffect(() => {
    if (over) onEnd();
  }, [over, onEnd]);
  if (expiresAt === null) return <span className="soft">Never expires</span>;
  return (
    <span className="expiry-text">
      <Clock size={14} aria-hidden />
      <strong className="numeric" data-testid="left">
        {over ? 'Expired' : `${formatLeft(expiresAt - now)} left`}
      </strong>
      <span className="soft">{formatMoment(expiresAt)}</span>
    </span>
  );
}
