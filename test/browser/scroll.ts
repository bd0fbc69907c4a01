import type { Page } from 'playwright-core';

/** What was seen while a list was scrolled. */
export interface Scrolled {
  /** The most rows that were in the page at a time. */
  rows: number;
  /** Frames a second while it was scrolled steadily. */
  rate: number;
  /** Of the whole list at its end, in px. */
  height: number;
}

/** Scrolls the page's list of keys for three seconds a half screen a frame, and then to its end for as long as that moves. */
export async function scrollToEnd(page: Page): Promise<Scrolled> {
  return page.evaluate<Scrolled>(`(async () => {
    const list = document.querySelector('[role=listbox]');
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    let rows = 0;
    const look = () => { rows = Math.max(rows, list.querySelectorAll('[role=option]').length); };
    const started = performance.now();
    let frames = 0;
    while (performance.now() - started < 3000) { list.scrollTop += 400; await frame(); frames++; look(); }
    let height = 0;
    for (let still = 0; still < 40; ) {
      list.scrollTop = list.scrollHeight;
      await new Promise((done) => setTimeout(done, 50));
      look();
      still = list.scrollHeight === height ? still + 1 : 0;
      height = list.scrollHeight;
    }
    return { rows, rate: frames / 3, height };
  })()`);
}
