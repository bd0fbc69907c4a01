// `npm run bench -- NAME`: one benchmark, its figures printed as a table. docs/ quotes them with this command.

const benches: Record<string, { about: string; run: (args: readonly string[]) => Promise<void> }> = {
  backup: {
    about: 'MB/s and memory of backups to a volume and to S3, beside redis-cli --rdb in the same run (--help)',
    run: async (args) => (await import('./backup.ts')).benchBackup(args),
  },
  dataplane: {
    about: 'operations per CPU-second and latencies of the data plane beside webdis and bare Node (--help)',
    run: async (args) => (await import('./dataplane.ts')).benchDataplane(args),
  },
  durability: {
    about: 'what of acknowledged writes is lost when Redis, the node, the disk or Cubby itself fails (--help)',
    run: async (args) => (await import('./durability.ts')).benchDurability(args),
  },
  operator: {
    about: 'the operator with 1,000 stores: time, CPU, memory, writes, and changes of the leader (--help)',
    run: async (args) => (await import('./operator.ts')).benchOperator(args),
  },
  upgrade: {
    about: 'what a client of 100 requests a second sees of an upgrade from Redis 7.0 to 8.0 (needs `npm start`)',
    run: async () => (await import('./upgrade.ts')).benchUpgrade(),
  },
  'first-answer': {
    about: 'from `kubectl apply` to the first 200 through REST, beside a bare Redis StatefulSet (needs `npm start`)',
    run: async () => (await import('./first-answer.ts')).benchFirstAnswer(),
  },
};

const bench = benches[process.argv[2] ?? ''];
if (bench) {
  await bench.run(process.argv.slice(3));
} else {
  console.log('npm run bench -- NAME\n');
  for (const [name, { about }] of Object.entries(benches)) console.log(`  ${name.padEnd(14)} ${about}`);
  process.exitCode = process.argv[2] === undefined || process.argv[2] === '--help' ? 0 : 2;
}
