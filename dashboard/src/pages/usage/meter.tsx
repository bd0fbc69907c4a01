import { formatShare } from './format.ts';

/** Past this share, what is left is little. */
const HIGH = 0.8;

/** A bar that shows how much of a limit is used; `share` is from 0 to 1. */
export function Meter({ label, share, text }: { label: string; share: number; text: string }) {
  const tone = share >= 1 ? 'meter-full' : share >= HIGH ? 'meter-high' : '';
  return (
    // biome-ignore lint/a11y/useSemanticElements: what <meter> looks like cannot be set in every browser
    <div
      className={`meter ${tone}`}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
      aria-valuetext={`${text}, ${formatShare(share)}`}
    >
      <span style={{ width: `${share * 100}%` }} />
    </div>
  );
}
