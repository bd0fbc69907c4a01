/** What every generated page says in its source. */
export const generatedFrom = (source: string): string =>
  `<!-- Generated from ${source} by \`npm run generate\`. Do not edit. -->\n`;

/** Text in a table's cell, without what would end the cell or be taken for a tag. */
export const cell = (text: string): string =>
  text.trim().replace(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('{{', '&#123;&#123;');

/** A value as code, in JSON unless it is a text. */
export const code = (value: unknown): string =>
  `\`${typeof value === 'string' ? value || '""' : JSON.stringify(value)}\``;

/** A table; each row has as many cells as the head. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

/** Blocks of a page with a blank line between them. */
export const page = (...blocks: readonly (string | undefined)[]): string =>
  `${blocks.flatMap((block) => (block ? [block.trimEnd()] : [])).join('\n\n')}\n`;
