/** Whether an object with these labels is selected. */
export type LabelSelector = (labels: Readonly<Record<string, string>> | undefined) => boolean;

const NAME = '[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?';
const KEY = `(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?${NAME}`;
const VALUE = `(?:${NAME})?`;
const LIST = `\\(\\s*(?<list>${VALUE}(?:\\s*,\\s*${VALUE})*)\\s*\\)`;
const REQUIREMENT = new RegExp(
  `^(?:(?<not>!)\\s*)?(?<key>${KEY})(?:\\s*(?<equality>==|=|!=)\\s*(?<value>${VALUE})|\\s+(?<set>in|notin)\\s*${LIST})?$`,
);
const COMMA_OUTSIDE_PARENTHESES = /,(?![^(]*\))/;

/**
 * Reads a label selector as kubectl's --selector takes it: `a=b`, `a!=b`, `a in (b, c)`, `a notin (b)`, `a` and `!a`,
 * joined by commas, all of which must hold. Throws an Error that names the part that is none.
 */
export function parseLabelSelector(text: string): LabelSelector {
  const requirements = text.split(COMMA_OUTSIDE_PARENTHESES).map((part) => parseRequirement(part.trim()));
  return (labels = {}) => requirements.every((holds) => holds(labels));
}

function parseRequirement(text: string): (labels: Readonly<Record<string, string>>) => boolean {
  const { not, key, equality, value, set, list } = REQUIREMENT.exec(text)?.groups ?? {};
  if (key === undefined || (not && (equality ?? set)))
    throw new Error(`"${text}" is no requirement of labels; write key=value, key in (a, b), key or !key`);
  const values = list?.split(',').map((one) => one.trim()) ?? (value === undefined ? undefined : [value]);
  const negated = not !== undefined || equality === '!=' || set === 'notin';
  return (labels) => {
    const found = Object.hasOwn(labels, key) ? labels[key] : undefined;
    // As in Kubernetes, what is not labelled differs from every value.
    const holds = found !== undefined && (values === undefined || values.includes(found));
    return holds !== negated;
  };
}
