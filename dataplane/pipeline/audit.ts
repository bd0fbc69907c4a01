import type { Logger } from 'pino';
import { PROJECT_ID_PATTERN } from '../../contract/projects.ts';
import type { Call } from './call.ts';
import type { ErrorCode } from './errors.ts';

/** Writes the line of an audited call; `code` is that of its error, undefined where it succeeded. */
export type Audit = (operation: string, call: Call, status: number, code: ErrorCode | undefined) => void;

/**
 * The audit log: lines with `audit: true` at the level info, whatever the level of the log is. They say who called what
 * about which project, what was written and what came of it, and hold no token and no free text of the client.
 */
export function createAudit(log: Logger): Audit {
  const lines = log.child({ audit: true }, { level: 'info' });
  return (operation, { requestId, token, project, named, changed }, status, code) => {
    const who = token && { namespace: token.namespace, name: token.name, type: token.type, role: token.role };
    const about = project ?? (named !== undefined && PROJECT_ID_PATTERN.test(named) ? named : undefined);
    lines.info({ requestId, who, operation, project: about, changed, status, code }, 'management');
  };
}
