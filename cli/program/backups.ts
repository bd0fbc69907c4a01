import { type Command, InvalidArgumentError, Option } from 'commander';
import { addTimeout, type Declare, integer } from './define.ts';

const GROUP = 'Backups:';
const backup = () => import('../commands/backup.ts');
const schedules = () => import('../commands/schedules.ts');

const PLACES = `A place is s3://BUCKET/PREFIX or volume:CLAIM/FOLDER. Secrets and claims are those of the namespace; a Secret with an access
key has accessKeyId and secretAccessKey, one for encryption has identity, an age identity. Without --place, spec.backup
of the store says where backups go.`;

const RESTORING = `A new store is made like the one that the backup is of, where that is still there. What a store has already is replaced only
with --overwrite-data, and stays and serves until the backup is fetched and found good.`;

const KEEPING = `What neither --keep nor --keep-age asks to delete is kept, and so is the newest backup in any case.`;

const ALL = ['-A, --all-namespaces', 'those of every namespace'] as const;

/** Declares the commands about backups. */
export function defineBackups(program: Command, declare: Declare): void {
  const group = (name: string, description: string) =>
    program.command(name).helpGroup(GROUP).description(description).usage('COMMAND').helpCommand(false);
  const ofBackup = group('backup', 'Make, list and delete backups; cubby backup STORE makes one');
  const create = declare(ofBackup, 'Commands:', {
    signature: 'create <store>',
    description: 'Back a store up now, and wait until that is stored',
    remarks: PLACES,
    examples: [
      'cubby backup main',
      'cubby backup main --name before-sale --no-wait',
      'cubby backup main --place volume:backups/main',
    ],
    load: async () => (await backup()).create,
    isDefault: true,
  });
  addPlace(addTimeout(create, 'how long to wait until it is complete', '1h'))
    .option('--no-wait', 'ask for it and do not wait')
    .option('--name <name>', 'name of the backup; made of the store and the time if absent')
    .option('--delete-data', 'delete what is stored when the backup is deleted');
  const lists = { load: async () => (await import('../commands/backups.ts')).list, description: 'List backups' };
  declare(ofBackup, 'Commands:', { ...lists, signature: 'list [store]', examples: ['cubby backup list main'] }).option(
    ...ALL,
  );
  declare(ofBackup, 'Commands:', {
    signature: 'delete <backup>',
    description: 'Delete a backup',
    remarks: 'What it stored is deleted or kept as spec.deletionPolicy of the KVBackup says, if --data does not.',
    examples: ['cubby backup delete before-sale', 'cubby backup delete before-sale --data delete'],
    load: async () => (await backup()).remove,
  }).addOption(new Option('--data <what>', 'what becomes of what is stored').choices(['keep', 'delete']));
  declare(program, GROUP, {
    ...lists,
    signature: 'backups [store]',
    examples: ['cubby backups', 'cubby backups main -o wide', 'cubby backups -A -o json'],
  }).option(...ALL);

  const ofSchedule = group('schedule', 'Make, run, list, suspend and delete backup schedules');
  const defineSchedule = (declaration: Parameters<Declare>[2]) => declare(ofSchedule, 'Commands:', declaration);
  defineSchedule({
    signature: 'list',
    description: 'List backup schedules',
    examples: ['cubby schedule list', 'cubby schedule list -A -o wide'],
    load: async () => (await import('../commands/schedule-list.ts')).list,
  }).option(...ALL);
  addPlace(
    defineSchedule({
      signature: 'set <schedule> <store> <cron>',
      description: 'Make a backup schedule, or replace one',
      remarks: `${KEEPING}\n${PLACES}`,
      examples: [
        `cubby schedule set nightly main '0 3 * * *' --time-zone Europe/Berlin --keep 7`,
        'cubby schedule set hourly main @hourly --keep-age 2d',
      ],
      load: async () => (await schedules()).set,
    }),
  )
    .option('--time-zone <zone>', 'time zone of the schedule, such as Europe/Berlin', 'UTC')
    .option('--keep <count>', 'keep so many completed backups', integer(1, 1000))
    .option('--keep-age <time>', 'delete completed backups that are older, such as 720h or 30d', age);
  addTimeout(
    defineSchedule({
      signature: 'run <schedule>',
      description: 'Make a backup now as the schedule makes them, and wait until that is stored',
      remarks: 'It goes where those of the schedule go, and counts as one of them for what is kept.',
      examples: ['cubby schedule run nightly', 'cubby schedule run nightly --no-wait'],
      load: async () => (await schedules()).run,
    }),
    'how long to wait until it is complete',
    '1h',
  ).option('--no-wait', 'ask for it and do not wait');
  for (const [verb, description] of [
    ['suspend', 'Make no backups until it is resumed'],
    ['resume', 'Make backups again'],
  ] as const) {
    defineSchedule({
      signature: `${verb} <schedule>`,
      description,
      examples: [`cubby schedule ${verb} nightly`],
      load: async () => (await schedules())[verb],
    });
  }
  defineSchedule({
    signature: 'delete <schedule>',
    description: 'Delete a schedule; its backups stay',
    examples: ['cubby schedule delete nightly'],
    load: async () => (await schedules()).remove,
  });

  const restore = declare(program, GROUP, {
    signature: 'restore <store>',
    description: 'Restore a backup, into a new store or over the data of one',
    remarks: `${RESTORING}\n${PLACES}`,
    examples: [
      'cubby restore copy --backup before-sale',
      'cubby restore main --backup before-sale --overwrite-data',
      'cubby restore main --object shop/main/nightly-1a2b3c4d --place s3://backups --credentials s3 --version 8.0',
    ],
    load: async () => (await import('../commands/restore.ts')).restore,
  });
  addPlace(addTimeout(restore, 'how long to wait until it is done', '1h'))
    .option('--no-wait', 'ask for it and do not wait')
    .option('--backup <name>', 'a completed backup of the namespace')
    .option('--object <path>', 'a backup that was made elsewhere, by its path')
    .option('--overwrite-data', 'confirm that the data of the store may be replaced')
    .option('--version <version>', 'Redis version of a new store')
    .option('--memory <quantity>', 'memory for data of a new store');
}

function addPlace(command: Command): Command {
  return command
    .option('--place <place>', 'where the backup goes, or is')
    .option('--endpoint <url>', "address of the S3 service; Amazon's own if absent")
    .option('--region <name>', 'region of the bucket; us-east-1 if absent')
    .option('--credentials <secret>', 'the Secret with the access key of the bucket')
    .option('--encryption <secret>', 'the Secret with the key that encrypts');
}

function age(text: string): string {
  if (/^[1-9][0-9]{0,6}[hd]$/.test(text)) return text;
  throw new InvalidArgumentError('Write whole hours or days, for example 720h or 30d.');
}
