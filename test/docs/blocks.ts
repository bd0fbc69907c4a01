/** A fenced block of a page that the `docs` stage runs, with what the page says of it. */
export interface Block {
  language: 'sh' | 'ts';
  text: string;
  /** The line of the page on which its first line stands, from 1. */
  line: number;
  /** Why it is not run, from the comment `<!-- not run: … -->` above it. */
  notRun?: string;
  /** What the page shows as its output: the ```json or ```text block that follows with nothing in between. */
  output?: { language: 'json' | 'text'; text: string };
}

interface Fence {
  language: string;
  text: string;
  line: number;
  /** The last line above it that is not blank. */
  above: string;
  /** Whether nothing but blank lines is between it and the fence before. */
  adjoins: boolean;
}

const NOT_RUN = /^<!-- not run: (.+) -->$/;
/** What a block may be called. A closed list: under any other name, such as `bash`, a command would slip past the stage. */
const LANGUAGES = new Set(['sh', 'ts', 'json', 'text', 'yaml', 'promql']);

/** The blocks of a page that can be run, in order; throws on one whose language is not of the list. */
export function blocksOf(page: string, markdown: string): Block[] {
  const blocks: Block[] = [];
  let last: Block | undefined;
  for (const { language, text, line, above, adjoins } of fencesOf(page, markdown)) {
    if (!LANGUAGES.has(language)) {
      const names = [...LANGUAGES].join(', ');
      throw new Error(`${page}:${line}: call the block one of ${names}, not '${language}': sh and ts are run`);
    }
    if (language === 'sh' || language === 'ts') {
      const notRun = NOT_RUN.exec(above)?.[1];
      last = { language, text, line, ...(notRun === undefined ? {} : { notRun }) };
      blocks.push(last);
      continue;
    }
    if (last && adjoins && (language === 'json' || language === 'text')) last.output = { language, text };
    last = undefined;
  }
  return blocks;
}

/** The blocks of YAML that a page shows, whole manifests and parts of them. */
export function yamlOf(page: string, markdown: string): { text: string; line: number }[] {
  return fencesOf(page, markdown).filter(({ language }) => language === 'yaml');
}

function fencesOf(page: string, markdown: string): Fence[] {
  const fences: Fence[] = [];
  let open: (Fence & { mark: string; indent: number }) | undefined;
  let above = '';
  let adjoins = false;
  for (const [index, line] of markdown.split('\n').entries()) {
    const [, indent = '', mark = '', language = ''] = /^(\s*)(`{3,}|~{3,})\s*([\w-]*)/.exec(line) ?? [];
    if (open) {
      if (mark.length >= open.mark.length && line.trim() === mark) {
        fences.push(open);
        [open, above, adjoins] = [undefined, '', true];
      } else open.text += `${line.slice(Math.min(open.indent, line.search(/\S|$/)))}\n`;
    } else if (mark) {
      open = { language, text: '', line: index + 2, above, adjoins, mark, indent: indent.length };
    } else if (line.trim()) [above, adjoins] = [line.trim(), false];
  }
  if (open) throw new Error(`${page}:${open.line}: the block has no end`);
  return fences;
}
