import { setImmediate as others } from 'node:timers/promises';
import { type Metric, Registry } from 'prom-client';

/** Series that are written between two turns of the event loop, about a millisecond's. */
const SERIES_AT_ONCE = 500;

/**
 * What registry.metrics() gives, put together in pieces: thousands of projects have thousands of series, and requests
 * would wait for all of them.
 */
export async function scrape(registry: Registry): Promise<string> {
  const texts: string[] = [];
  for (const metric of registry.getMetricsAsArray() as unknown as Metric[]) {
    const whole = await metric.get();
    const text = async (from: number) => {
      const values = whole.values.slice(from, from + SERIES_AT_ONCE);
      const piece = new Registry();
      piece.registerMetric({ name: whole.name, get: async () => ({ ...whole, values }) } as unknown as Metric);
      return (await piece.metrics()).trimEnd();
    };
    texts.push(await text(0));
    for (let from = SERIES_AT_ONCE; from < whole.values.length; from += SERIES_AT_ONCE) {
      await others();
      // Without the lines HELP and TYPE, which are there once.
      texts.push((await text(from)).replace(/^(?:#.*\n)+/, ''));
    }
    texts.push('');
  }
  return texts.join('\n');
}
