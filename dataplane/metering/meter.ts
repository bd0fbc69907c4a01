import { DEFAULT_PRICES, PRICED_OPERATIONS, type PricedOperation, type Prices } from '../../contract/prices.ts';
import { type Ledger, LedgerError } from './ledger-port.ts';
import { LedgerClock, periodStart } from './period.ts';
import type { Account, Counts, HistoryPoint, Meter, Resolution, Usage, UsageOf } from './port.ts';
import { type Common, Project, type ProjectAsk } from './project.ts';

export interface MeterOptions {
  ledger: Ledger;
  prices?: Prices;
  /** A name that no other process ever has. */
  replica: string;
  /** The most, in nano-tokens, that a project is charged on this replica beyond its lease while the ledger is away. */
  overdraft: number;
  /** Told once whenever the ledger goes away, with what it failed of, and when it is back. */
  report?: (event: { event: 'ledger-away'; cause: string } | { event: 'ledger-back' }) => void;
  /** Milliseconds of a clock that only runs forwards. */
  now?: () => number;
}

/** What a meter has to show; amounts are nano-tokens, counts are since the start. */
export interface MeterFigures {
  ledgerUp: boolean;
  /** Charged beyond the leases while the ledger was away, and not settled with it yet. */
  overdraft: number;
  /** Leased and not spent, of budgets and of rate limits. */
  leased: number;
  permits: number;
  /** Exchanges with the ledger, and the Redis commands that they took. */
  exchanges: number;
  commands: number;
  projects: number;
}

/** A meter with something to show. */
export interface LedgerMeter extends Meter {
  figures(): MeterFigures;
}

const TICK_MS = 50;
/** Projects in one exchange: a conflict about one of them repeats it for all. */
const MOST_PROJECTS = 64;
const RETRY_MS = { first: 10, most: 1000 };
/** How long a stopping process tries to settle with the ledger. */
const CLOSE_MS = 2000;

/**
 * A meter that shares budgets and rate limits with other replicas by a ledger. It asks the ledger for many calls at
 * once, ahead of time, one exchange after another, each for all projects that are due.
 */
export function createMeter(options: MeterOptions): LedgerMeter {
  const { ledger, report = () => {}, now = () => performance.now() } = options;
  const prices = Object.freeze({ ...(options.prices ?? DEFAULT_PRICES) });
  const projects = new Map<string, Project>();
  const due = new Set<Project>();
  const clock = new LedgerClock();
  const usageWanted = new Map<Project, PromiseWithResolvers<void>>();
  const historyWanted = new Map<Project, Map<Resolution, PromiseWithResolvers<HistoryPoint[]>>>();
  let running: Promise<void> | undefined;
  let failures = 0;
  let retryAt = 0;
  let exchanges = 0;
  let lastTick = now();
  let leaving = false;

  const common: Common = {
    prices,
    replica: options.replica,
    overdraft: options.overdraft,
    away: false,
    period: undefined,
    now,
    ask(project) {
      due.add(project);
      wake();
    },
  };

  function find(account: Account): Project {
    let project = projects.get(account.project);
    if (!project) {
      project = new Project(account, common);
      projects.set(account.project, project);
    }
    project.configure(account);
    return project;
  }

  function wake(): void {
    if (running || (common.away && now() < retryAt && !leaving)) return;
    running = run().finally(() => {
      running = undefined;
      if (due.size > 0) wake();
    });
  }

  /** Exchanges until nothing is due or the ledger fails. */
  async function run(): Promise<void> {
    // What other calls of this tick need goes into the same exchange.
    await new Promise(setImmediate);
    try {
      if (clock.period(now()) === undefined) clock.set(await ledger.time(), now());
      while (due.size > 0) await exchange();
    } catch (error) {
      lose(error);
    }
  }

  async function exchange(): Promise<void> {
    const period = clock.period(now());
    if (period === undefined) return;
    common.period = period;
    const asked: { project: Project; ask: ProjectAsk }[] = [];
    for (const project of due) {
      due.delete(project);
      const wanted = usageWanted.has(project) || historyWanted.has(project);
      asked.push({ project, ask: project.ask(now(), period, leaving ? 'leave' : wanted ? 'all' : 'due') });
      if (asked.length === MOST_PROJECTS) break;
    }
    const accounts = asked.flatMap(({ ask }) => ask.accounts.map((account) => account.ask));
    const permits = asked.flatMap(({ ask }) => ask.permits ?? []);
    if (accounts.length === 0 && permits.length === 0) return;
    const histories = asked.flatMap(({ project }) =>
      [...(historyWanted.get(project)?.keys() ?? [])].map((resolution) => ({ of: project, resolution })),
    );
    exchanges++;
    const answers = await ledger.exchange({
      accounts,
      permits,
      histories: histories.map(({ of, resolution }) => ({ project: of.name, resolution })),
    });
    const time = now();
    clock.set(answers.time, time);
    recover();
    for (const { project, ask } of asked) {
      const own = answers.accounts.splice(0, ask.accounts.length);
      const again = project.answer(time, ask, own, ask.permits && answers.permits.shift());
      if (again) due.add(project);
      usageWanted.get(project)?.resolve();
      usageWanted.delete(project);
    }
    for (const [index, { of, resolution }] of histories.entries()) {
      const wanted = historyWanted.get(of);
      wanted?.get(resolution)?.resolve(answers.histories[index] ?? []);
      wanted?.delete(resolution);
      if (wanted?.size === 0) historyWanted.delete(of);
    }
  }

  function lose(error: unknown): void {
    const cause = error instanceof LedgerError ? error.message : `unexpectedly: ${(error as Error).name}`;
    if (!common.away) report({ event: 'ledger-away', cause });
    common.away = true;
    due.clear();
    retryAt = now() + Math.min(RETRY_MS.first * 2 ** failures++, RETRY_MS.most) * (0.75 + Math.random() / 2);
    for (const project of projects.values()) if (project.waiting > 0) project.goOn();
    const wanted = [...usageWanted.values(), ...[...historyWanted.values()].flatMap((of) => [...of.values()])];
    for (const { reject } of wanted) reject(new LedgerError(cause));
    usageWanted.clear();
    historyWanted.clear();
  }

  function recover(): void {
    failures = 0;
    if (common.away) report({ event: 'ledger-back' });
    common.away = false;
  }

  function tick(): void {
    const time = now();
    const elapsed = time - lastTick;
    lastTick = time;
    common.period = clock.period(time);
    for (const [name, project] of projects) {
      if (project.tick(time, elapsed)) due.add(project);
      else if (project.forgettable(time)) projects.delete(name);
    }
    if (due.size > 0 || (common.away && projects.size > 0)) wake();
  }

  const timer = setInterval(tick, TICK_MS);
  timer.unref();

  return {
    permit: (account) => find(account).permit(),
    reserve: (account, counts: Counts) => find(account).reserve(counts),
    async usage(account) {
      const project = find(account);
      if (common.away) throw new LedgerError('the ledger is away');
      const wanted = usageWanted.get(project) ?? Promise.withResolvers<void>();
      usageWanted.set(project, wanted);
      common.ask(project);
      await wanted.promise;
      return usageOf(project);
    },
    async history(account, resolution) {
      const project = find(account);
      if (common.away) throw new LedgerError('the ledger is away');
      const ofProject = historyWanted.get(project) ?? new Map();
      historyWanted.set(project, ofProject);
      const wanted = ofProject.get(resolution) ?? Promise.withResolvers<HistoryPoint[]>();
      ofProject.set(resolution, wanted);
      common.ask(project);
      return wanted.promise;
    },
    async close() {
      clearInterval(timer);
      const deadline = now() + CLOSE_MS;
      await running;
      leaving = true;
      const unsettled = () => [...projects.values()].some(({ tabs }) => tabs.some((tab) => !tab.finished));
      do {
        for (const project of projects.values()) due.add(project);
        wake();
        await running;
      } while (unsettled() && now() < deadline && (await pause(RETRY_MS.first)));
      ledger.close();
    },
    figures() {
      const tabs = [...projects.values()].flatMap((project) => project.tabs);
      const sum = (of: (tab: (typeof tabs)[number]) => number) => tabs.reduce((total, tab) => total + of(tab), 0);
      return {
        ledgerUp: !common.away,
        overdraft: sum((tab) => tab.overdraft),
        leased: sum((tab) => tab.leased),
        permits: [...projects.values()].reduce((total, project) => total + project.permits, 0),
        exchanges,
        commands: ledger.commands,
        projects: projects.size,
      };
    },
  };
}

function usageOf({ tab }: Project): Usage {
  const period = tab.period ?? 0;
  const tally = tab.usage();
  const budget = tab.budget === Infinity ? undefined : BigInt(tab.budget);
  const used = BigInt(tally.charged);
  const operations = {} as Record<PricedOperation, UsageOf>;
  for (const operation of PRICED_OPERATIONS) {
    const { count, charged } = tally.operations[operation];
    operations[operation] = { count: BigInt(count), nanoTokens: BigInt(charged) };
  }
  return {
    periodStart: periodStart(period),
    periodEnd: periodStart(period + 1),
    budget,
    used,
    remaining: budget === undefined ? undefined : budget > used ? budget - used : 0n,
    operations,
  };
}

async function pause(ms: number): Promise<true> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return true;
}
