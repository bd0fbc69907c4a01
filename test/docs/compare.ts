import { isDeepStrictEqual } from 'node:util';

/** A time in ISO 8601, which differs from run to run. */
const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** What a page shows as output against what came: undefined where they agree, else the first difference in words. */
export function differenceOf(shown: { language: 'json' | 'text'; text: string }, stdout: string): string | undefined {
  return shown.language === 'json' ? jsonDifference(shown.text, stdout) : textDifference(shown.text, stdout);
}

/**
 * The last JSON that was printed must be the one that is shown; `…` in a string stands for any text, alone for any
 * value, and one time is as good as another.
 */
function jsonDifference(shown: string, stdout: string): string | undefined {
  const printed = lastJson(stdout);
  if (printed === undefined) return `no JSON was printed, but:\n${stdout}`;
  return valueDifference(JSON.parse(shown), printed, 'the answer');
}

function lastJson(text: string): unknown {
  const lines = text.trimEnd().split('\n');
  for (let first = lines.length - 1; first >= 0; first--) {
    if (!/^\s*[[{]/.test(lines[first] ?? '')) continue;
    try {
      return JSON.parse(lines.slice(first).join('\n'));
    } catch {
      // It begins further up.
    }
  }
  return undefined;
}

function valueDifference(shown: unknown, printed: unknown, where: string): string | undefined {
  if (shown === '…') return undefined;
  if (typeof shown === 'string' && typeof printed === 'string') {
    const alike = (TIME.test(shown) && TIME.test(printed)) || wildcard(shown).test(printed);
    return alike ? undefined : `${where} is ${JSON.stringify(printed)}, not ${JSON.stringify(shown)}`;
  }
  if (typeof shown !== 'object' || shown === null || typeof printed !== 'object' || printed === null) {
    if (isDeepStrictEqual(shown, printed)) return undefined;
    return `${where} is ${JSON.stringify(printed)}, not ${JSON.stringify(shown)}`;
  }
  const names = new Set([...Object.keys(shown), ...Object.keys(printed)]);
  for (const name of names) {
    const inner = `${where}.${name}`;
    if (!Object.hasOwn(shown, name)) return `${inner} is not shown`;
    if (!Object.hasOwn(printed, name)) return `${inner} is shown, but absent`;
    const difference = valueDifference(shown[name as keyof object], printed[name as keyof object], inner);
    if (difference) return difference;
  }
  return undefined;
}

/**
 * The last lines that were printed must be those that are shown, with spaces as one; `…` stands for any part of a line,
 * and on a line of its own for any lines.
 */
function textDifference(shown: string, stdout: string): string | undefined {
  const pattern = linesOf(shown)
    .map((line) => (line === '…' ? '(?:.*\n)*' : `${wildcard(line).source.slice(1, -1)}\n`))
    .join('');
  const printed = linesOf(stdout).map((line) => `${line}\n`);
  return new RegExp(`(?:^|\n)${pattern}$`).test(printed.join('')) ? undefined : `printed was:\n${stdout}`;
}

const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '));

function wildcard(text: string): RegExp {
  const parts = text.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
