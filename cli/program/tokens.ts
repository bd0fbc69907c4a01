import { type Command, InvalidArgumentError, Option } from 'commander';
import { addTimeout, type Declare, seconds } from './define.ts';

const GROUP = 'Tokens:';
const actions = () => import('../commands/tokens.ts');

/** Declares the commands about tokens. */
export function defineTokens(program: Command, declare: Declare): void {
  const token = program
    .command('token')
    .helpGroup(GROUP)
    .description('Make, list, replace and revoke tokens')
    .usage('COMMAND')
    .helpCommand(false);
  const define = (declaration: Parameters<Declare>[2]) => declare(token, 'Commands:', declaration);

  define({
    signature: 'list',
    description: 'List the tokens of the namespace',
    examples: ['cubby token list', 'cubby token list --store main -o json'],
    load: async () => (await import('../commands/token-list.ts')).list,
  }).option('-A, --all-namespaces', 'those of every namespace');
  const create = define({
    signature: 'create <name>',
    description: 'Make a token, in a Secret for pods to mount',
    examples: [
      'cubby token create web --store main',
      'cubby token create ci --scopes kv:read --expires 30d',
      'cubby token create web --show > token.txt',
    ],
    load: async () => (await actions()).create,
  });
  addTimeout(create, 'how long to wait for the operator', '30s')
    .addOption(
      new Option('--type <type>', 'an sk_live_, dt_ or tk_ token')
        .choices(['Project', 'Deployment', 'ApiKey'])
        .default('Project'),
    )
    .option('--scopes <scopes>', 'what it may do with keys and values', parseScopes, ['kv:read', 'kv:write'])
    .addOption(
      new Option('--role <role>', "management, for an ApiKey in Cubby's own namespace").choices([
        'SystemAdmin',
        'SystemRead',
      ]),
    )
    .option('--secret-name <name>', "name of its Secret; the token's own if absent")
    .option('--expires <time>', 'when it stops working, from now', seconds)
    .option('--show', 'print the token itself to standard output');
  const rotate = define({
    signature: 'rotate <name>',
    description: 'Put a new token into the Secret',
    remarks: 'The old token is accepted for as long as spec.rotation.overlap says, 24 hours if it says nothing.',
    examples: ['cubby token rotate web'],
    load: async () => (await actions()).rotate,
  });
  addTimeout(rotate, 'how long to wait for the operator', '30s').option(
    '--show',
    'print the new token itself to standard output',
  );
  define({
    signature: 'revoke <name>',
    description: 'Delete a token, which is refused from then on',
    examples: ['cubby token revoke web'],
    load: async () => (await actions()).revoke,
  });
}

function parseScopes(text: string): string[] {
  const list = text.split(',');
  if (list.every((scope) => scope === 'kv:read' || scope === 'kv:write')) return list;
  throw new InvalidArgumentError('Write kv:read, kv:write or kv:read,kv:write.');
}
