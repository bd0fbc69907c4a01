import { Argument, type Command, Option } from 'commander';
import { addTimeout, type Declare, integer, number, seconds } from './define.ts';

const GROUP = 'Keys and values:';
const actions = () => import('../commands/data.ts');

const PRINTING = `A string is printed as its characters, anything else as JSON: as it is stored, or indented on a terminal. -o json shows
the value with its key and expiry.`;

const READING = `The value is JSON where it parses, and else a string. - reads it from standard input, without its last newline.`;

/** Declares the commands about keys and values. */
export function defineData(program: Command, declare: Declare): void {
  const define = (...[declaration]: [Parameters<Declare>[2]]) =>
    addTimeout(declare(program, GROUP, declaration), 'how long to wait for the answer', '10s');

  define({
    signature: 'get <key>',
    description: 'Print a value',
    remarks: PRINTING,
    examples: ['cubby get greeting', 'cubby get greeting -o json | jq .expires_at'],
    load: async () => (await actions()).get,
  });
  define({
    signature: 'set <key> <value>',
    description: 'Write a value',
    remarks: READING,
    examples: [
      'cubby set visits 1',
      `cubby set user:1 '{"name":"Ada"}' --ttl 1h`,
      'cubby set version 1.0 --string',
      'cubby set page - < page.json',
    ],
    load: async () => (await actions()).set,
  })
    .option('--ttl <time>', 'let the key expire', seconds)
    .option('--if-not-exists', 'fail with exit code 7 where the key exists')
    .addOption(new Option('--json', 'refuse a value that is no JSON').conflicts('string'))
    .addOption(new Option('--string', 'take the value for a string, also where it is JSON'));
  define({
    signature: 'del <keys...>',
    description: 'Delete keys, and print how many there were',
    examples: ['cubby del greeting user:1'],
    load: async () => (await actions()).del,
  });
  define({
    signature: 'scan [prefix]',
    description: 'List names of keys',
    examples: ['cubby scan user:', 'cubby scan --all | wc -l'],
    load: async () => (await actions()).scan,
  })
    .option('--limit <count>', 'how many names', integer(1, 1_000_000), 100)
    .option('--cursor <cursor>', 'go on where a list before ended')
    .option('--all', 'every name, as they come');
  define({
    signature: 'incr <key>',
    description: 'Add to a number, and print the sum',
    examples: ['cubby incr visits', 'cubby incr stock -5'],
    load: async () => (await actions()).incr,
  }).addArgument(new Argument('[amount]', 'what to add').argParser(number).default(1));
  define({
    signature: 'expire <key>',
    description: 'Let a key expire',
    examples: ['cubby expire greeting 30m'],
    load: async () => (await actions()).expire,
  }).addArgument(new Argument('<time>', 'from now').argParser(seconds));
  define({
    signature: 'ttl <key>',
    description: 'Print the seconds until a key expires, -1 for never',
    examples: ['cubby ttl greeting'],
    load: async () => (await actions()).ttl,
  });
}
