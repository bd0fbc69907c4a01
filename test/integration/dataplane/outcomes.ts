import assert from 'node:assert/strict';
import { StoreError, type StoreFailure } from '../../../dataplane/store/port.ts';

/** Holds of an error that is a StoreError of that kind; for assert.rejects. */
export function failsAs(failure: StoreFailure): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof StoreError, `a StoreError, not ${error}`);
    assert.equal(error.failure, failure, error.message);
    return true;
  };
}

/** What came of some work, and after how many milliseconds. */
export async function timed<T>(work: Promise<T>): Promise<{ result: PromiseSettledResult<T>; ms: number }> {
  const start = performance.now();
  const [result] = await Promise.allSettled([work]);
  return { result, ms: performance.now() - start };
}
