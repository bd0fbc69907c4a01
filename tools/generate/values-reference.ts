import { isMap, type Pair, parseDocument, type Scalar, type YAMLMap } from 'yaml';
import { cell, code, generatedFrom, page, table } from './markdown.ts';

/** The reference page of the chart's values: each with its default and the comment that stands above it. */
export function valuesReference(values: string): string {
  const document = parseDocument(values);
  if (!isMap(document.contents)) throw new Error('values.yaml has no values');
  const rows = rowsOf(document.contents as YAMLMap, '');
  return page(
    '# Values of the chart',
    generatedFrom('charts/cubby/values.yaml'),
    'What `helm install cubby charts/cubby` takes by `--set` and `--values`. `values.schema.json` checks them, and refuses one that is not listed here.',
    table(['value', 'default', 'meaning'], rows),
  );
}

function rowsOf(map: YAMLMap, prefix: string): string[][] {
  return (map.items as Pair<Scalar<string>, unknown>[]).flatMap((pair, index) => {
    const path = prefix + (/^[\w-]+$/.test(pair.key.value) ? pair.key.value : JSON.stringify(pair.key.value));
    // The comment above the first value of a map is the map's own in this parser.
    const comment = (pair.key.commentBefore ?? (index === 0 ? map.commentBefore : undefined) ?? '').replace(/^ /gm, '');
    const about = comment.split('\n\n').at(-1) ?? '';
    const value = pair.value;
    const inner = isMap(value) && !value.flow ? (value as YAMLMap) : undefined;
    const described = inner?.items.some((item, at) => commentOf(item as Pair<Scalar<string>>, inner, at));
    if (inner && described) return [[code(path), '', cell(about)], ...rowsOf(inner, `${path}.`)];
    return [[code(path), cell(code((value as Scalar | YAMLMap).toJSON())), cell(about)]];
  });
}

const commentOf = (pair: Pair<Scalar<string>>, map: YAMLMap, index: number): string | null | undefined =>
  pair.key.commentBefore ?? (index === 0 ? map.commentBefore : undefined);
