import { Argument, type Command, Option } from 'commander';
import { addTimeout, type Declare, integer, seconds } from './define.ts';

const GROUP = 'Stores:';
const change = () => import('../commands/change.ts');

const UPGRADING = `Data is saved before Redis restarts. Where the new version does not start, the old one is put back and the exit code
is 1.`;

const ROTATING = `No request over the API fails. Programs with native access find the new password in their Secret; the old one is
accepted for ten minutes, or as long as the installation says, and then its connections are closed.`;

const SHELL = `It signs in as the Redis user "shell" with a password of its own that ends with the command. It takes the verb patch on
kvstores, and get and create on pods/exec. What is done this way is neither limited nor counted.`;

/** Declares the commands about stores. */
export function defineStores(program: Command, declare: Declare): void {
  const define = (declaration: Parameters<Declare>[2]) => declare(program, GROUP, declaration);
  const defineChange = (declaration: Parameters<Declare>[2]) =>
    addTimeout(define(declaration), 'how long to wait until it is done', '10m').option(
      '--no-wait',
      'change the spec and do not wait',
    );

  define({
    signature: 'stores',
    description: 'List the stores of the namespace',
    examples: ['cubby stores', 'cubby stores -A -o wide', `cubby stores -o json | jq '.stores[].name'`],
    load: async () => (await import('../commands/stores.ts')).stores,
  }).option('-A, --all-namespaces', 'those of every namespace');
  define({
    signature: 'status [name]',
    description: 'Show how a store is, and why',
    examples: ['cubby status main', 'cubby status main -o yaml'],
    load: async () => (await import('../commands/status.ts')).status,
  }).option('--events <count>', 'how many of its last events to show', integer(0, 100), 5);
  define({
    signature: 'top',
    description: 'Show memory, keys and operations per second',
    examples: ['cubby top', 'cubby top -A --once -o json'],
    load: async () => (await import('../commands/top.ts')).top,
  })
    .option('-A, --all-namespaces', 'the stores of every namespace')
    .option('--once', 'show it once, as is done where no terminal reads')
    .addOption(new Option('--interval <time>', 'time between two looks').argParser(seconds).default(2, '2s'));
  define({
    signature: 'logs [name]',
    description: "Print the log of a store's Redis",
    examples: ['cubby logs main --tail 20', 'cubby logs main -f'],
    load: async () => (await import('../commands/logs.ts')).logs,
  })
    .option('-f, --follow', 'go on as lines are written')
    .option('-p, --previous', 'the log of the run before this one')
    .option('--tail <lines>', 'only so many lines from the end', integer(0, 1_000_000));
  defineChange({
    signature: 'create <name>',
    description: 'Make a store',
    examples: ['cubby create main --version 8.0 --memory 512Mi -n shop'],
    load: async () => (await change()).create,
  })
    .requiredOption('--version <version>', 'its Redis version, of those that the installation has')
    .option('--memory <quantity>', 'memory for data', '256Mi')
    .option('--project-id <id>', 'the project that it serves; <namespace>.<name> if absent')
    .option('--plan <name>', 'a plan of the installation, which sets limits')
    .option('--storage <quantity>', 'size of its volume; 1Gi if absent');
  defineChange({
    signature: 'upgrade <name> <version>',
    description: 'Change the Redis version of a store',
    remarks: UPGRADING,
    examples: ['cubby upgrade main 8.0', 'cubby upgrade main 8.0 --no-wait'],
    load: async () => (await change()).upgrade,
  });
  defineChange({
    signature: 'enable <name>',
    description: 'Wake a store that was stopped',
    examples: ['cubby enable main'],
    load: async () => (await change()).enable,
  });
  defineChange({
    signature: 'disable <name>',
    description: 'Stop a store and keep its data',
    examples: ['cubby disable main'],
    load: async () => (await change()).disable,
  });
  const failover = define({
    signature: 'failover <name>',
    description: 'Make a replica of a store its primary',
    remarks:
      'Planned: writes pause until the replica has all of them, and none is lost. For stores with spec.replicas of 3 or 5.',
    examples: ['cubby failover main'],
    load: async () => (await import('../commands/failover.ts')).failover,
  });
  addTimeout(failover, 'how long to wait until it is done', '1m');
  const rotate = define({
    signature: 'rotate <name>',
    description: "Replace the passwords of a store's Redis",
    remarks: ROTATING,
    examples: ['cubby rotate main'],
    load: async () => (await import('../commands/rotate.ts')).rotate,
  });
  addTimeout(rotate, 'how long to wait for the operator', '30s');
  const shell = define({
    signature: 'redis-cli <name>',
    description: "Run redis-cli in a store's pod",
    remarks: SHELL,
    examples: ['cubby redis-cli main', 'cubby redis-cli main -- info memory', 'cubby redis-cli main -- --bigkeys'],
    load: async () => (await import('../commands/redis-cli.ts')).redisCli,
  }).addArgument(new Argument('[arguments...]', 'what to hand to redis-cli, behind --'));
  addTimeout(shell, 'how long to wait until Redis lets it in', '2m')
    .addOption(
      new Option('--valid-for <time>', 'end of the access at the latest, at most 8h')
        .argParser(seconds)
        .default(3600, '1h'),
    )
    .option('--force', 'take the place of another redis-cli that is open on the store');
}
