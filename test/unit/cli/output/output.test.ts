import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { createOutput, disarm, type Format } from '../../../../cli/output/output.ts';

function open({
  tty = true,
  env = {},
  format = 'table',
}: {
  tty?: boolean;
  env?: NodeJS.ProcessEnv;
  format?: Format;
} = {}) {
  let text = '';
  const stream = Object.assign(new PassThrough(), { isTTY: tty }) as unknown as NodeJS.WriteStream;
  stream.on('data', (chunk) => {
    text += chunk;
  });
  return { output: createOutput({ stdout: stream, stderr: stream }, env, format), text: () => text };
}

test('colours are for terminals, and for those who did not ask to have none', () => {
  assert.equal(open().output.paint('good', 'x'), '\x1b[32mx\x1b[39m');
  assert.equal(open({ tty: false }).output.paint('good', 'x'), 'x');
  assert.equal(open({ env: { NO_COLOR: '1' } }).output.paint('good', 'x'), 'x');
  assert.equal(open({ env: { TERM: 'dumb' } }).output.paint('good', 'x'), 'x');
});

test('names and values cannot steer a terminal', () => {
  assert.equal(disarm('a\x1b]0;title\x07b\x9b2Jc\u202ed\ne\tf'), 'a\\u001b]0;title\\u0007b\\u009b2Jc\\u202ed\ne\tf');
});

test('what no terminal reads is written as it is', () => {
  const { output, text } = open({ tty: false });
  output.write('a\x9bb');
  assert.equal(text(), 'a\x9bb');
});

test('data is shown in the format that was asked for', () => {
  const shown = (format: Format) => {
    const { output, text } = open({ format, tty: false });
    output.show({ a: [1] }, () => 'TABLE\n');
    return text();
  };
  assert.deepEqual(
    ['table', 'wide', 'json', 'yaml'].map((format) => shown(format as Format)),
    ['TABLE\n', 'TABLE\n', '{\n  "a": [\n    1\n  ]\n}\n', 'a:\n  - 1\n'],
  );
});
