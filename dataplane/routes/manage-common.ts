import * as z from 'zod';

/** What every management call of one project has in common: it is told in the audit log. */
export const managementCall = { tag: 'management', target: 'project', audited: true } as const;

/** The answer of a call after which something is done, and which has nothing else to tell. */
export const doneSchema = z.object({ success: z.literal(true), message: z.string() });
