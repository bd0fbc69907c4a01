const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * The value of a Kubernetes quantity ("256Mi", "100m", 1073741824) as a number, in bytes or in cores: every positive one
 * that the API server takes. Throws a RangeError on anything else. Source: k8s.io/apimachinery/pkg/api/resource.
 */
export function parseQuantity(quantity: string | number): number {
  const match = /^\+?([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:([eE][+-]?[0-9]+)|([numkMGTPE]|[KMGTPE]i))?$/.exec(
    String(quantity),
  );
  const factor = FACTORS[match?.[3] ?? ''];
  if (!match || factor === undefined)
    throw new RangeError(`not a quantity: ${JSON.stringify(quantity)}; write for example "256Mi"`);
  return Number(match[1] + (match[2] ?? '')) * factor;
}

/** A number of bytes as the shortest exact quantity: 268435456 → "256Mi". */
export function formatBytes(bytes: number): string {
  for (const [unit, factor] of [
    ['Gi', 2 ** 30],
    ['Mi', 2 ** 20],
    ['Ki', 2 ** 10],
  ] as const) {
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return String(bytes);
}
