import type { Block } from './blocks.ts';

/** A block that is run, with its number on the page. */
export interface Numbered {
  number: number;
  block: Block;
}

/** The blocks that are run, numbered. */
export function numbered(blocks: readonly Block[]): Numbered[] {
  return blocks.flatMap((block, number) => (block.notRun === undefined ? [{ number, block }] : []));
}

/**
 * One bash script of all blocks of a page: each writes to files of its own under `directory`, and the TypeScript ones,
 * which are one module, run where the last of them stands. What a block sets is there for all that follows.
 */
export function scriptOf(blocks: readonly Numbered[], directory: string, prelude: string): string {
  const lastModule = blocks.findLast(({ block }) => block.language === 'ts')?.number;
  const parts = blocks.flatMap(({ number, block }) => {
    if (block.language === 'ts' && number !== lastModule) return [];
    const body = block.language === 'sh' ? block.text : `node ${directory}/page.mts\n`;
    return [`exec >${directory}/${number}.out 2>${directory}/${number}.err\n${body}`];
  });
  return ['set -aeuo pipefail', `trap 'echo "failed: $BASH_COMMAND" >&2' ERR`, prelude, ...parts].join('\n');
}

const MARK = '\u0000';

/** The TypeScript blocks of a page as one module; undefined where it has none. */
export function moduleOf(blocks: readonly Numbered[]): string | undefined {
  const parts = blocks.filter(({ block }) => block.language === 'ts');
  if (parts.length === 0) return undefined;
  const marked = parts.map(({ number, block }) => `${block.text}\nconsole.log('\\u0000${number}');`);
  return `${marked.join('\n')}\nexport {};\n`;
}

/** What each TypeScript block printed, out of all that the module printed; by number. */
export function modulePrints(stdout: string): Map<number, string> {
  const prints = new Map<number, string>();
  let rest = stdout;
  for (let at = rest.indexOf(MARK); at >= 0; at = rest.indexOf(MARK)) {
    const end = rest.indexOf('\n', at);
    prints.set(Number(rest.slice(at + 1, end)), rest.slice(0, at));
    rest = rest.slice(end + 1);
  }
  return prints;
}
