/** Where backups are kept: files by their path, none of which is there before it is whole. */
export interface Target {
  /**
   * Stores what `body` yields, and resolves with its length in bytes once it is safe there; a piece is done with when the next
   * one is asked for. Where it rejects, or the process ends in the middle, there is nothing under that path. Throws a
   * TakenError where something is there already, as far as the target can tell.
   */
  put(path: string, body: AsyncIterable<Uint8Array>): Promise<number>;
  /** What is stored, in pieces. Throws NotFound where nothing is. */
  get(path: string): AsyncIterable<Buffer>;
  /** Removes what is stored, and what an attempt to store it left behind; nothing there is as good. */
  remove(path: string): Promise<void>;
}
