import { existsSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';

const root = join(import.meta.dirname, '../..');

/** Where the repository is shown, for what is not a page of the site. */
export const REPOSITORY = 'https://github.com/cubby-dev/cubby';

/**
 * Has links to files that are no pages, such as `../examples/quickstart.yaml`, lead to the repository: pages are written
 * for a reader who sees them there as well. One that leads to nothing ends the build.
 */
export function linkToRepository(md: MarkdownRenderer): void {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    for (const link of tokens.flatMap(({ children }) => children ?? [])) {
      const href = link.type === 'link_open' ? link.attrGet('href') : null;
      if (href === null || /^([a-z]+:|#|\/)/.test(href)) continue;
      const target = join(dirname(env.path), decodeURI(href.replace(/[#?].*$/, '')));
      const path = relative(root, target);
      if (path.startsWith('docs/') && target.endsWith('.md')) continue;
      if (!existsSync(target)) throw new Error(`${relative(root, env.path)}: ${href} leads to nothing`);
      const kind = statSync(target).isDirectory() ? 'tree' : 'blob';
      link.attrSet('href', `${REPOSITORY}/${kind}/main/${path}${/#.*$/.exec(href)?.[0] ?? ''}`);
    }
  });
}
