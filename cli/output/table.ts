/** A column: its title, and `right` for numbers. */
export interface Column {
  title: string;
  align?: 'right';
}

const GAP = '   ';

/** Rows under their titles, as kubectl prints them: columns as wide as their widest cell, nothing behind the last. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const titles = columns.map(({ title }) => title);
  const widths = titles.map((title, index) => Math.max(...[title, ...rows.map((row) => row[index] ?? '')].map(width)));
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, index) => pad(cells[index] ?? '', widths[index] ?? 0, align))
      .join(GAP)
      .trimEnd();
  return `${[titles, ...rows].map(line).join('\n')}\n`;
}

/** Names and what they say, one under the other; what has several lines goes on in its own column. */
export function renderFields(fields: readonly (readonly [name: string, text: string | undefined])[]): string {
  const shown = fields.filter((field): field is [string, string] => field[1] !== undefined);
  const indent = Math.max(0, ...shown.map(([name]) => width(name)));
  const follow = `\n${' '.repeat(indent)}${GAP}`;
  return shown.map(([name, text]) => `${pad(name, indent)}${GAP}${text.replaceAll('\n', follow)}\n`).join('');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are not seen, so they have no width
const COLOURS = /\x1b\[[0-9;]*m/g;

const width = (text: string) => [...text.replace(COLOURS, '')].length;

function pad(text: string, to: number, align?: 'right'): string {
  const space = ' '.repeat(Math.max(0, to - width(text)));
  return align === 'right' ? space + text : text + space;
}
