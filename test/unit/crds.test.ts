import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';

interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema;
}

const root = join(import.meta.dirname, '../..');
const crds = globSync('crds/*.yaml', { cwd: root }).map((file) => parse(readFileSync(join(root, file), 'utf8')));

/** Every field of a schema, by its path. */
function fieldsOf(schema: Schema, path: string): [string, Schema][] {
  const inner = Object.entries(schema.properties ?? {}).map(([name, field]) => [`${path}.${name}`, field] as const);
  const rest = [[`${path}[]`, schema.items] as const, [`${path}.*`, schema.additionalProperties] as const, ...inner];
  return rest.flatMap(([name, field]): [string, Schema][] => (field ? [[name, field], ...fieldsOf(field, name)] : []));
}

for (const { spec } of crds) {
  for (const { name, schema, additionalPrinterColumns } of spec.versions) {
    const fields = fieldsOf(schema.openAPIV3Schema, spec.names.kind);

    test(`every field of ${spec.names.kind} ${name} has a description that is a sentence`, () => {
      assert.ok(fields.length > 20, `${fields.length} fields`);
      // The API server refuses a description of metadata.
      const bare = fields.filter(
        ([path, { description }]) =>
          !path.endsWith(`${spec.names.kind}.metadata`) && !/^\S.*\.$/s.test(description ?? ''),
      );
      assert.deepEqual(
        bare.map(([path]) => path),
        [],
      );
    });

    test(`every column that kubectl prints of ${spec.names.kind} ${name} has a description`, () => {
      for (const column of additionalPrinterColumns) assert.ok(column.description, column.name);
    });
  }
}
