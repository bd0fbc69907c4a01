import type { Load } from '../../test/durability/load.ts';
import { countLost, type Verdict } from '../../test/durability/verdict.ts';
import { formatSpread, spreadOf } from '../spread.ts';

/** Acknowledged operations before a fault and after the recovery, so that there is something to lose. */
export const TRAFFIC = 200;

/** What came of one fault under one load. */
export interface Round {
  verdict: Verdict;
  failures: Record<string, number>;
  longestGapMs: number;
}

/** One line of the report: the same fault, some times. */
export interface Row {
  name: string;
  /** Whether the setting promises that nothing acknowledged is lost by this fault. */
  promised: boolean;
  rounds: readonly Round[];
}

/** Runs a fault under a load from first traffic to the judgement of every key. */
export async function runRound(load: Load, happen: () => Promise<unknown>, recoverySeconds = 60): Promise<Round> {
  try {
    await load.more(TRAFFIC);
    await happen();
    await load.more(TRAFFIC, recoverySeconds);
  } finally {
    await load.stop();
  }
  return judgeRound(load);
}

/** Judges a load that has been stopped. */
export async function judgeRound(load: Load): Promise<Round> {
  return { verdict: await load.verdict(), failures: load.failures(), longestGapMs: load.longestGapMs() };
}

/** Prints a row; a promise that was not kept fails the benchmark, and is told with the first keys. */
export function report({ name, promised, rounds }: Row): void {
  const verdicts = rounds.map(({ verdict }) => verdict);
  const sum = (count: (verdict: Verdict) => number) => verdicts.reduce((total, verdict) => total + count(verdict), 0);
  const lost = sum(countLost);
  const resurrected = sum((verdict) => verdict.resurrected.length);
  const failures: Record<string, number> = {};
  for (const round of rounds) {
    for (const [answer, count] of Object.entries(round.failures)) failures[answer] = (failures[answer] ?? 0) + count;
  }
  console.log(formatSpread(`${name}, longest gap (ms)`, spreadOf(rounds.map(({ longestGapMs }) => longestGapMs)), 0));
  console.log(
    `  ${rounds.length} times: ${sum(({ acknowledged }) => acknowledged)} acknowledged, ${lost} of them lost` +
      `${promised ? '' : ' (not promised otherwise)'}, ${resurrected} refused were applied; ` +
      `${sum(({ unknownApplied }) => unknownApplied)} of ${sum(({ unknown }) => unknown)} unknown were applied; ` +
      `not acknowledged, by answer: ${JSON.stringify(failures)}`,
  );
  const broken = verdicts.flatMap((verdict) => [...(promised ? verdict.lost : []), ...verdict.resurrected]);
  if (broken.length === 0) return;
  console.log(`  BROKEN PROMISE: ${JSON.stringify(broken.slice(0, 5))}`);
  process.exitCode = 1;
}
