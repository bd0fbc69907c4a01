import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';
import { linkToRepository, REPOSITORY } from './links.ts';
import { sidebar } from './sidebar.ts';

const icon = readFileSync(join(import.meta.dirname, '../../dashboard/assets/icon.svg'), 'utf8');

// The site of docs/. It asks no other host: fonts are the reader's own, search runs in the browser.
export default defineConfig({
  title: 'Cubby',
  description: 'A managed Redis for every tenant of a Kubernetes cluster, behind one authenticated REST API',
  lang: 'en',
  head: [['link', { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(icon)}` }]],
  rewrites: { ':folder/README.md': ':folder/index.md' },
  // Pages name pictures by their path, so that they show in the repository as well: nothing is served unnamed.
  vite: { publicDir: false },
  markdown: {
    config: linkToRepository,
    languageAlias: { promql: 'sql' },
  },
  themeConfig: {
    nav: [
      { text: 'Start', link: '/getting-started' },
      { text: 'Recipes', link: '/recipes/' },
      { text: 'Reference', link: '/reference/api' },
      { text: 'Operate', link: '/operations/install' },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
    footer: { message: 'Apache-2.0' },
  },
});
