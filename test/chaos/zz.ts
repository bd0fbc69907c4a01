import { openArena } from './arena.ts';
import { catches, runCampaign } from './campaign.ts';
import { plants } from './plants.ts';
import { suites } from './suites.ts';

const arena = await openArena();
const [mode, name, from = '1', to = '100'] = process.argv.slice(2);
try {
  for (const suite of suites.filter((s) => name === s.name || name === 'all')) {
    const start = Date.now();
    if (mode === 'plants')
      for (const [n, p] of Object.entries(plants))
        console.log(suite.name, n, await catches(arena, suite, p, n).catch((e) => e), Date.now() - start);
    else {
      const r = await runCampaign(arena, suite, {
        concurrency: 8,
        choose: (all) => all.filter(({ at }) => at >= +from && at <= +to),
        onProgress: (d, o) => d % 10 === 0 && console.log(suite.name, d, o, Date.now() - start),
      });
      console.log(suite.name, r.writes, r.struck, Date.now() - start);
      for (const d of r.divergences) console.log(JSON.stringify(d.strike), d.why);
    }
  }
} finally {
  console.log(arena.nodeFailures);
  await arena.close();
}
