import type { Socket } from 'node:net';
import type { Encoded } from './encode.ts';

/** Commands that wait to be written. */
export class Outbox {
  #text = '';
  #pieces: (string | Buffer)[] = [];

  add(commands: Encoded): void {
    if (typeof commands === 'string') {
      this.#text += commands;
      return;
    }
    for (const piece of commands) {
      if (typeof piece === 'string') this.#text += piece;
      else {
        this.#pieces.push(this.#text, piece);
        this.#text = '';
      }
    }
  }

  /** Hands everything to a socket as one write; `written` is called when the kernel has all of it. */
  writeTo(socket: Socket, written: () => void): void {
    const text = this.#text;
    const pieces = this.#pieces;
    this.clear();
    if (pieces.length === 0) {
      socket.write(text, 'latin1', written);
      return;
    }
    socket.cork();
    for (const piece of pieces) socket.write(piece, 'latin1');
    socket.write(text, 'latin1', written);
    socket.uncork();
  }

  clear(): void {
    this.#text = '';
    if (this.#pieces.length > 0) this.#pieces = [];
  }
}
