import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What of WCAG 2.2 AA and of good practice the page breaks as it is now, each rule with the elements. */
export async function findBarriers(page: Page): Promise<string[]> {
  // The protocol's evaluation is not bound by the page's policy, as a script element would be.
  await page.evaluate(source);
  const { violations } = await page.evaluate(() => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<AxeResults> } };
    return axe.run();
  });
  return violations.map(({ id, help, nodes }) => {
    const where = nodes.map(({ html, failureSummary }) => `${html.slice(0, 200)} — ${failureSummary}`);
    return `${id}: ${help}\n  ${where.join('\n  ')}`;
  });
}
