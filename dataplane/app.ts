import Koa from 'koa';
import type { Logger } from 'pino';
import type { StoreIndex } from './directory/stores.ts';
import type { TokenIndex } from './directory/tokens.ts';
import { admission, type Budget } from './middleware/admission.ts';
import { authenticate, requireScope } from './middleware/authenticate.ts';
import { readJson } from './middleware/body.ts';
import type { State } from './middleware/context.ts';
import type { Metrics } from './middleware/metrics.ts';
import { observe } from './middleware/observe.ts';
import { resolveStore } from './middleware/project.ts';
import type { Health } from './routes/meta.ts';
import { routes } from './routes/table.ts';
import type { Stores } from './store/port.ts';

/** All that the app is made of; nothing in it listens, watches or reads files. */
export interface AppParts {
  log: Logger;
  metrics: Metrics;
  health: Health;
  /** Answers ask clients to connect elsewhere while this is true. */
  draining: () => boolean;
  directory: { stores: StoreIndex; tokens: TokenIndex };
  systemNamespace: string;
  stores: Stores;
  budget: Budget;
  bodyBytes: number;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** The HTTP application: what every request passes, then its route. */
export function createApp(parts: AppParts): Koa<State> {
  const { directory, systemNamespace, stores, budget, bodyBytes } = parts;
  const app = new Koa<State>();
  // Whatever a request's own code throws is answered by observe; what comes here is a connection that broke.
  app.on('error', (error: NodeJS.ErrnoException) => parts.log.debug({ code: error.code }, 'a connection broke'));
  app.use(observe(parts.log, parts.metrics, parts.draining));
  app.use(
    routes(
      {
        admit: admission(budget),
        authenticate: authenticate(directory.tokens, parts.now),
        scope: requireScope,
        json: (schema) => readJson({ bodyBytes, budget }, schema),
        resolveStore: resolveStore(directory.stores, systemNamespace, stores),
      },
      parts.health,
    ),
  );
  return app;
}
