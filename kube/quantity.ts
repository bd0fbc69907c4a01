const suffixes: Readonly<Record<string, readonly [base: bigint, exponent: number]>> = {
  n: [10n, -9],
  u: [10n, -6],
  m: [10n, -3],
  '': [10n, 0],
  k: [10n, 3],
  M: [10n, 6],
  G: [10n, 9],
  T: [10n, 12],
  P: [10n, 15],
  E: [10n, 18],
  Ki: [2n, 10],
  Mi: [2n, 20],
  Gi: [2n, 30],
  Ti: [2n, 40],
  Pi: [2n, 50],
  Ei: [2n, 60],
};

const pattern = /^([+-]?)(\d{1,30})?(?:\.(\d{0,30}))?(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)$/;
/** Parsed values count in 10^-40, far below the nano that Kubernetes rounds up to. */
const scale = 40;

/**
 * A Kubernetes quantity as an exact number, for comparing one with another; undefined for what is none.
 * The syntax is that of `k8s.io/apimachinery/pkg/api/resource`.
 */
export function parseQuantity(value: unknown): bigint | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const match = pattern.exec(String(value));
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', exponent, suffix = ''] = match;
  if (!whole && !fraction) return undefined;
  const [base, power] = exponent === undefined ? (suffixes[suffix] ?? [10n, 0]) : [10n, Number(exponent)];
  const digits = BigInt(whole + fraction) * 10n ** BigInt(scale - fraction.length);
  const scaled = power >= 0 ? digits * base ** BigInt(power) : digits / base ** BigInt(-power);
  return sign === '-' ? -scaled : scaled;
}
