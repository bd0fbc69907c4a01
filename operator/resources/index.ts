import { accessSecret } from './access-secret.ts';
import { aclSecret } from './acl-secret.ts';
import { configMap } from './config-map.ts';
import type { Manifest } from './manifest.ts';
import { networkPolicy } from './network-policy.ts';
import type { StorePlan } from './plan.ts';
import { podDisruptionBudget } from './pod-disruption-budget.ts';
import { headlessService, memberServices, service } from './service.ts';
import { serviceAccount } from './service-account.ts';
import { type ClaimTemplate, statefulSet } from './statefulset.ts';

/**
 * The children of a store in two waves. The first is all that the pod mounts or runs as, and what guards and names it:
 * their order does not matter. The StatefulSet comes last, so that its pod never waits for a mount that is not there;
 * beside it what the pod does not need. Pods of a store that has several come when each has an address.
 */
export function children(plan: StorePlan, existing?: ClaimTemplate): [Manifest[], Manifest[]] {
  const several = plan.addresses ? [...memberServices(plan), podDisruptionBudget(plan)] : [];
  const mustWait = plan.settings.sharded ? plan.addresses?.includes(undefined) : !plan.replication;
  if ((plan.accepted.replicated || plan.settings.sharded) && mustWait) return [several, []];
  return [
    [
      ...several,
      networkPolicy(plan),
      serviceAccount(plan),
      configMap(plan),
      aclSecret(plan),
      service(plan),
      headlessService(plan),
    ],
    [statefulSet(plan, existing), ...(plan.access ? [accessSecret(plan, plan.access.password)] : [])],
  ];
}
