import type { Suite } from './acts.ts';
import type { Arena } from './arena.ts';
import type { Disturbance } from './disturbances.ts';
import { type Death, deaths } from './fate.ts';
import type { PlantedBug } from './plants.ts';
import { life } from './suites.ts';
import { Divergence, type Outcome, runTrial } from './trial.ts';

/** One strike of a campaign. */
export interface Strike {
  at: number;
  death: Death;
}

/** A strike after which the end was another, and how it differed. */
export interface FoundDivergence {
  strike: Strike;
  why: string;
}

/** What came of a suite's strikes. */
export interface Report {
  /** Writes of the undisturbed run. */
  writes: number;
  /** How many runs met their strike; the others had done before. */
  struck: number;
  divergences: FoundDivergence[];
}

export interface CampaignOptions {
  /** Which strikes, of those that the number of writes allows. */
  choose?: (strikes: readonly Strike[]) => readonly Strike[];
  /** Runs at a time. */
  concurrency: number;
  onProgress?: (done: number, of: number) => void;
  /** Called as soon as a run has ended otherwise than the undisturbed one. */
  onDivergence?: (divergence: FoundDivergence) => void;
}

/** Runs a suite undisturbed, then once for each chosen write and death, and compares how they end. */
export async function runCampaign(arena: Arena, suite: Suite, options: CampaignOptions): Promise<Report> {
  const { choose = (all) => all, concurrency, onProgress = () => {}, onDivergence = () => {} } = options;
  const { writes, state: expected } = await runTrial(arena, { name: suite.name, suite });
  const strikes = choose(allStrikes(writes));
  const report: Report = { writes, struck: 0, divergences: [] };
  let done = 0;
  await forEach(strikes, concurrency, async (strike) => {
    const { at, death } = strike;
    const name = `${suite.name}-${death}-${at}`;
    try {
      const { struck } = await runTrial(arena, { name, suite, strike: { at, fate: deaths[death] }, expected });
      if (struck) report.struck++;
    } catch (error) {
      const divergence = { strike, why: error instanceof Error ? error.message : String(error) };
      report.divergences.push(divergence);
      onDivergence(divergence);
    }
    onProgress(++done, strikes.length);
  });
  return report;
}

/** What came of a life under one disturbance; `why` where it did not end as one without, or cost too much on the way. */
export interface Endured {
  disturbance: Disturbance;
  writes: number;
  why: string | undefined;
}

/** So many times the writes of an undisturbed life may be made where every second one is refused or lost. */
const WRITES_FACTOR = 4;

/** Lives a whole life under each disturbance: it must end as one without, after as many starts of Redis. */
export async function endure(
  arena: Arena,
  disturbances: readonly Disturbance[],
  concurrency: number,
): Promise<Endured[]> {
  const sound = await runTrial(arena, { name: life.name, suite: life });
  const endured: Endured[] = [];
  await forEach(disturbances, concurrency, async (disturbance) => {
    const trial = { name: disturbance.name, suite: life, trouble: disturbance.create(), expected: sound.state };
    try {
      const { writes, starts } = await runTrial(arena, trial);
      const tooMany = writes > WRITES_FACTOR * sound.writes && `${writes} writes, undisturbed ${sound.writes}`;
      const restarted = starts !== sound.starts && `Redis was started ${starts} times, undisturbed ${sound.starts}`;
      endured.push({ disturbance, writes, why: tooMany || restarted || undefined });
    } catch (error) {
      endured.push({ disturbance, writes: 0, why: error instanceof Error ? error.message : String(error) });
    }
  });
  return endured;
}

/** What a planted bug showed: that the suite catches it, or why nothing is known. */
export interface Proof {
  caught: boolean;
  /** It shows although nobody dies, or a run failed: so it proves nothing. */
  why?: string;
}

/** Looks for a write of the suite at which a planted bug is caught; where nobody dies it must not be. */
export async function prove(arena: Arena, suite: Suite, bug: PlantedBug, name: string): Promise<Proof> {
  let at = 0;
  try {
    const { state: expected, writes }: Outcome = await runTrial(arena, { name: `${suite.name}-sound`, suite });
    // Else the suite would catch what is no fault of dying.
    await runTrial(arena, { name: `${suite.name}-${name}`, suite, plant: bug.create(), expected });
    while (++at <= writes) {
      const strike = { at, fate: deaths[bug.death] };
      const trial = { name: `${suite.name}-${name}-${at}`, suite, strike, plant: bug.create(), expected };
      await runTrial(arena, { ...trial, limitMs: 20_000 });
    }
    return { caught: false };
  } catch (error) {
    if (at > 0 && error instanceof Divergence) return { caught: true };
    return { caught: false, why: error instanceof Error ? error.message : String(error) };
  }
}

function allStrikes(writes: number): Strike[] {
  return Array.from({ length: writes }, (_, i) =>
    (Object.keys(deaths) as Death[]).map((death) => ({ at: i + 1, death })),
  ).flat();
}

/** Works a list off, so many at a time. */
async function forEach<T>(items: readonly T[], concurrency: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
