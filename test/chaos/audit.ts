import type { Exchange } from './proxy.ts';

/** A rule of a role, as in rbac.authorization.k8s.io/v1. */
export interface Rule {
  apiGroups: readonly string[];
  resources: readonly string[];
  verbs: readonly string[];
}

/** What a role's permissions and what was done have apart, each as `group/resource verb`. */
export interface Audit {
  /** Granted, and never used. */
  surplus: string[];
  /** Done or tried, and not granted. */
  lacking: string[];
}

/** Compares what roles grant with the requests of whoever has them. */
export function audit(rules: readonly Rule[], exchanges: readonly Exchange[]): Audit {
  const granted = new Set(rules.flatMap(grants));
  const used = new Set(exchanges.flatMap(uses));
  return {
    surplus: [...granted].filter((grant) => !used.has(grant)).sort(),
    lacking: [...used].filter((use) => !granted.has(use)).sort(),
  };
}

function grants({ apiGroups, resources, verbs }: Rule): string[] {
  return apiGroups.flatMap((group) => resources.flatMap((name) => verbs.map((verb) => `${group}/${name} ${verb}`)));
}

/** Server-side apply is a patch, and a create besides where there was nothing: then it is answered with 201. */
function uses({ request, status }: Exchange): string[] {
  if (!request) return [];
  const { group, resource, verb } = request;
  const verbs = verb === 'patch' && status === 201 ? ['patch', 'create'] : [verb];
  return verbs.map((each) => `${group}/${resource} ${each}`);
}
