/** Evaluated in a page: puts the length in ms of each task over 50 ms from now on into the global `tasks`. */
export const watchTasks = `
  globalThis.tasks = [];
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map((task) => task.duration)))
    .observe({ type: 'longtask' });
`;
