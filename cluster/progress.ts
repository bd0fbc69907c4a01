/**
 * Reports long work as lines of text: what began, how far it is every few seconds, how long it took.
 * `step` resolves or rejects as `work` does.
 */
export interface Progress {
  step<T>(what: string, work: (tell: (detail: string) => void) => Promise<T>): Promise<T>;
}

const REPORT_EVERY_MS = 10_000;

/** A duration for people: `0.4 s`, `12 s`, `5 min 51 s`. */
export function formatDuration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Progress as plain lines, fit for a terminal and for a log alike; `write` gets each line without its end. */
export function createProgress(write: (line: string) => void): Progress {
  return {
    async step(what, work) {
      const started = Date.now();
      const elapsed = () => formatDuration(Date.now() - started);
      let detail = '';
      write(`▸ ${what}`);
      const timer = setInterval(() => {
        write(`  … ${what}: ${elapsed()}${detail && `, ${detail}`}`);
      }, REPORT_EVERY_MS);
      try {
        const result = await work((text) => {
          detail = text;
        });
        write(`✓ ${what} (${elapsed()})`);
        return result;
      } catch (error) {
        write(`✗ ${what} (${elapsed()})`);
        throw error;
      } finally {
        clearInterval(timer);
      }
    },
  };
}

/** Progress on standard error, so that standard output stays free for results. */
export const consoleProgress: Progress = createProgress((line) => process.stderr.write(`${line}\n`));

/** Progress that says nothing, for callers that report in their own way. */
export const silentProgress: Progress = { step: (_what, work) => work(() => {}) };
