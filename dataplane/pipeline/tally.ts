import type { Metric, Registry } from 'prom-client';

/** One series of a counter; add to `value` itself. */
export interface Cell {
  value: number;
}

/** One series of a histogram. */
export interface Distribution {
  observe(value: number): void;
}

type Labels<L extends string> = Record<L, string | number>;

/** What a map has under a key, made and kept where there is nothing. */
export function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** What createTally makes a counter of. */
export interface TallyOptions<L extends string> {
  name: string;
  help: string;
  labelNames: readonly L[];
  registers: readonly Registry[];
  /** So many counted are shown as one, 1 where absent: small fractions are summed exactly as whole numbers. */
  perUnit?: number;
}

/**
 * A counter for hot paths: prom-client puts together and hashes the labels at each increment, this one never. The
 * function adds a series, which is to be kept by who counts.
 */
export function createTally<L extends string>(options: TallyOptions<L>): (labels: Labels<L>) => Cell {
  const series: { labels: Labels<L>; value: number }[] = [];
  const { perUnit = 1 } = options;
  register(options, 'counter', () => series.map(({ labels, value }) => ({ labels, value: value / perUnit })));
  return (labels) => {
    const one = { labels, value: 0 };
    series.push(one);
    return one;
  };
}

/** What createDistributions makes a histogram of. */
export interface DistributionOptions<L extends string> extends TallyOptions<L> {
  /** Upper bounds, ascending. */
  buckets: readonly number[];
}

interface Series<L extends string> extends Distribution {
  labels: Labels<L>;
  /** By bucket, the last one without a bound. */
  counts: number[];
  sum: number;
}

/** As createTally, for a histogram. */
export function createDistributions<L extends string>(
  options: DistributionOptions<L>,
): (labels: Labels<L>) => Distribution {
  const { name, buckets } = options;
  const all: Series<L>[] = [];
  register(options, 'histogram', () => all.flatMap((series) => valuesOf(name, buckets, series)));
  return (labels) => {
    const counts = new Array<number>(buckets.length + 1).fill(0);
    const series: Series<L> = {
      labels,
      counts,
      sum: 0,
      observe(value) {
        let bucket = 0;
        while (bucket < buckets.length && value > (buckets[bucket] as number)) bucket++;
        (counts[bucket] as number)++;
        series.sum += value;
      },
    };
    all.push(series);
    return series;
  };
}

/** A series as Prometheus has it: each bucket holds what the ones before it hold. */
function valuesOf<L extends string>(name: string, buckets: readonly number[], { labels, counts, sum }: Series<L>) {
  let total = 0;
  const steps = counts.map((count, index) => {
    total += count;
    return { metricName: `${name}_bucket`, labels: { ...labels, le: buckets[index] ?? '+Inf' }, value: total };
  });
  return [
    ...steps,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: total },
  ];
}

/** What a registry asks of a metric, and no more; prom-client has no type for one of another's making. */
function register<L extends string>(options: TallyOptions<L>, type: string, values: () => readonly object[]): void {
  const { name, help, labelNames, registers } = options;
  const common = { name, help, type, aggregator: 'sum' };
  const metric = { ...common, labelNames, get: async () => ({ ...common, values: values() }) };
  for (const registry of registers) registry.registerMetric(metric as unknown as Metric<L>);
}
