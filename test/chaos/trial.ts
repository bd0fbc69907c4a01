import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { until } from '../integration/operator/world.ts';
import type { Suite } from './acts.ts';
import type { Arena } from './arena.ts';
import type { Trouble } from './disturbances.ts';
import { type Fate, isWork, pass, type Script, strikeAt } from './fate.ts';
import { type Mortal, type Plant, startMortal } from './mortal.ts';
import { PATIENCE_MS, type Scene, setScene } from './scene.ts';
import { stateOf } from './state.ts';

/** What one run of a suite is to meet. */
export interface Trial {
  name: string;
  suite: Suite;
  /** At which write of `act` what happens; none leaves the run undisturbed. */
  strike?: { at: number; fate: Fate };
  plant?: Plant | undefined;
  /** What goes wrong from the beginning. */
  trouble?: Trouble;
  /** What the state must come to be; absent, it is the one in which the run comes to rest. */
  expected?: unknown;
  /** How long to wait for anything, in ms. */
  limitMs?: number;
}

/** What came of a run. */
export interface Outcome {
  /** Writes of `act`, of all operators. */
  writes: number;
  /** Whether the run got as far as the strike. */
  struck: boolean;
  /** How often a Redis was started. */
  starts: number;
  state: unknown;
}

/** The state did not come to be the expected one. */
export class Divergence extends Error {
  override readonly name = 'Divergence';
}

/** Runs a suite in a namespace of its own, with a new operator wherever one dies. Rejects with a `Divergence`. */
export async function runTrial(arena: Arena, trial: Trial): Promise<Outcome> {
  const { suite, strike, plant } = trial;
  const namespace = await arena.enter(trial.name);
  const scene = setScene(arena.client, namespace, trial.limitMs);
  const { kubeconfig } = arena;
  const { script: troubled = () => pass, streams } = trial.trouble ?? {};
  let script: Script = troubled;
  const lives: Mortal[] = [];
  const live = async (): Promise<Mortal> => {
    const mortal = await startMortal({ kubeconfig, namespace, script: (request) => script(request), streams, plant });
    lives.push(mortal);
    return mortal;
  };
  try {
    const first = await live();
    await suite.prepare?.(scene);
    await atRest(scene, lives);
    const before = writesOf(lives);
    const { script: struck, writes } = strikeAt(strike?.at ?? Number.POSITIVE_INFINITY, strike?.fate ?? pass);
    if (strike) script = struck;
    const reborn = first.died.then(async () => {
      await first.stop();
      await live();
    });
    reborn.catch(() => {}); // told below
    const acting = suite.act(scene).catch((error) => {
      throw trial.expected === undefined ? error : new Divergence(describeFailure(error));
    });
    await Promise.race([acting, reborn.then(() => acting)]);
    const state = trial.expected === undefined ? await atRest(scene, lives) : await comesTo(scene, lives, trial);
    const struckAt = strike !== undefined && writes() >= strike.at;
    return { writes: writesOf(lives) - before, struck: struckAt, starts: arena.starts(namespace), state };
  } catch (error) {
    const last = lives.flatMap(({ failures }) => failures).slice(-3);
    const told = [...last.map(describeFailure), JSON.stringify((await scene.store())?.status?.conditions)];
    const message = `${describeFailure(error)}\n  the operators said: ${told.join('\n  ')}`;
    throw error instanceof Divergence ? new Divergence(message) : new Error(message, { cause: error });
  } finally {
    await Promise.all(lives.map((mortal) => mortal.stop()));
    await arena.leave(namespace);
  }
}

function writesOf(lives: readonly Mortal[]): number {
  return lives.flatMap(({ proxy }) => proxy.exchanges).filter(({ request }) => request && isWork(request)).length;
}

/** Waits until nothing is written and nothing changes for a while; the state then. */
async function atRest(scene: Scene, lives: readonly Mortal[], quietMs = 1_500): Promise<unknown> {
  return until(
    `${scene.namespace} comes to rest`,
    async () => {
      const before = { writes: writesOf(lives), state: await stateOf(scene) };
      await sleep(quietMs);
      const after = { writes: writesOf(lives), state: await stateOf(scene) };
      return isDeepStrictEqual(before, after) && after.state;
    },
    PATIENCE_MS,
  );
}

/** Waits until the state is the expected one, and stays so while nothing is written; rejects with a `Divergence`. */
export async function comesTo(
  scene: Scene,
  lives: readonly Mortal[],
  { expected, limitMs = PATIENCE_MS }: Pick<Trial, 'expected' | 'limitMs'>,
): Promise<unknown> {
  let state: unknown;
  const isThere = async () => {
    const writes = writesOf(lives);
    for (let looks = 0; looks < 2; looks++) {
      state = await stateOf(scene);
      if (!isDeepStrictEqual(state, expected)) return false;
      await sleep(300);
    }
    return writesOf(lives) === writes;
  };
  try {
    await until(`${scene.namespace} comes to the expected state`, isThere, limitMs);
  } catch {
    throw new Divergence(`${scene.namespace}: ${describeDifference(expected, state)}`);
  }
  return state;
}

function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} (${describeFailure(error.cause)})`;
}

/** The first few lines in which two states differ. */
export function describeDifference(expected: unknown, actual: unknown): string {
  const [a, b] = [expected, actual].map((state) => JSON.stringify(state, null, 1).split('\n'));
  const missing = a?.filter((line) => !b?.includes(line)).slice(0, 8) ?? [];
  const surplus = b?.filter((line) => !a?.includes(line)).slice(0, 8) ?? [];
  return [...missing.map((line) => `\n- ${line.trim()}`), ...surplus.map((line) => `\n+ ${line.trim()}`)].join('');
}
