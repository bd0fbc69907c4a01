/** Why a block is not run: what its comment on the page says as well, to the letter. */
const REASONS = {
  bench: 'a benchmark, which takes minutes',
  metrics: 'needs metrics-server',
  stages: 'npm test runs it',
  chart: 'the tests of the chart install it',
  operator: 'would take the operator away from the other pages',
  system: 'would install into the system of whoever runs the tests',
  package: 'the package is not published yet',
  rotation: 'would replace the master key under the other pages',
  growth: 'needs a storage class that can grow volumes',
  replicas: 'needs a store of its own with replicas',
  dump: 'needs a dump file of your own',
  chaos: 'it takes minutes',
  uninstall: 'would take Cubby away from the other pages',
} as const;

/** The blocks that are not run, page by page, by the reason of each in order. */
export const notRun: Readonly<Record<string, readonly string[]>> = {
  'CONTRIBUTING.md': [REASONS.stages, REASONS.operator],
  'README.md': [REASONS.stages, REASONS.chart],
  'charts/cubby/README.md': [REASONS.chart],
  'cli/README.md': [REASONS.package],
  'docs/cli.md': [REASONS.system],
  'docs/durability.md': [REASONS.bench, REASONS.bench, REASONS.bench],
  'docs/getting-started.md': [REASONS.stages],
  'docs/metering.md': [REASONS.stages],
  'docs/operations/backup.md': [REASONS.dump],
  'docs/operations/credentials.md': [REASONS.rotation],
  'docs/operations/install.md': [REASONS.chart],
  'docs/operations/replication.md': [REASONS.replicas],
  'docs/operations/storage.md': [REASONS.growth],
  'docs/operations/uninstall.md': [REASONS.uninstall, REASONS.uninstall, REASONS.uninstall],
  'docs/operations/upgrade.md': [REASONS.chart, REASONS.chart, REASONS.bench],
  'docs/performance.md': [REASONS.bench, REASONS.bench],
  'docs/robustness.md': [...Array(5).fill(REASONS.stages), REASONS.chaos, REASONS.stages],
  'docs/runbooks/CubbyEventLoopSlow.md': [REASONS.metrics],
  'sdk/README.md': [REASONS.package],
};
