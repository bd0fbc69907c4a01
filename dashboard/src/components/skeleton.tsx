const WIDTHS = ['skeleton-w1', 'skeleton-w2', 'skeleton-w3', 'skeleton-w4'];

/** Lines that stand for text which is being fetched. */
export function Skeleton({ lines = 3, label = 'Loading' }: { lines?: number; label?: string }) {
  return (
    <div className="skeleton-lines" role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines have nothing else to be told apart by
        <span key={index} className={`skeleton ${WIDTHS[index % WIDTHS.length]}`} />
      ))}
    </div>
  );
}
