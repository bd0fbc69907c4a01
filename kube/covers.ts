import { parseQuantity } from './quantity.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Lists whose elements Kubernetes merges by key, by the name of their field; anything else is compared in order and
 * whole. From the `x-kubernetes-list-map-keys` of the OpenAPI documents; a key absent from an element has its default.
 */
const mergeKeys: Readonly<Record<string, readonly string[]>> = {
  conditions: ['type'],
  containers: ['name'],
  env: ['name'],
  ephemeralContainers: ['name'],
  hostAliases: ['ip'],
  imagePullSecrets: ['name'],
  initContainers: ['name'],
  ownerReferences: ['uid'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
  volumeDevices: ['devicePath'],
  volumeMounts: ['mountPath'],
  volumes: ['name'],
};
const keyDefaults: Fields = { protocol: 'TCP' };
/** Fields whose values, at any depth, are quantities. The server rewrites those: `0.5` comes back as `500m`. */
const quantityFields = new Set(['requests', 'limits', 'capacity', 'allocatedResources', 'sizeLimit', 'divisor']);

/**
 * Whether every field of `desired` stands in `live` with an equal value: whether applying it would change nothing.
 * Fields that only `live` has are of no concern (defaults, status, other managers'), nor are extra elements of lists
 * that merge by key. Lists of scalars are equal or not, except `finalizers`, a set. So `desired` should not spell out
 * what the server leaves out again, such as an environment variable's empty value: it would never be covered.
 */
export function covers(live: unknown, desired: unknown): boolean {
  return coversAt('', live, desired, false);
}

function coversAt(path: string, live: unknown, desired: unknown, quantity: boolean): boolean {
  if (desired === undefined || desired === null) return desired === undefined || live === undefined || live === null;
  if (Array.isArray(desired)) return coversList(path, live ?? [], desired, quantity);
  if (isFields(desired)) return isFields(live) && coversFields(path, live, desired, quantity);
  if (live === desired) return true;
  if (!quantity) return false;
  const value = parseQuantity(desired);
  return value !== undefined && value === parseQuantity(live);
}

function coversFields(path: string, live: Fields, desired: Fields, quantity: boolean): boolean {
  return Object.entries(desired).every(([name, value]) =>
    coversAt(path ? `${path}.${name}` : name, own(live, name), value, quantity || quantityFields.has(name)),
  );
}

function coversList(path: string, live: unknown, desired: readonly unknown[], quantity: boolean): boolean {
  if (!Array.isArray(live)) return false;
  if (path === 'metadata.finalizers') return desired.every((value) => live.includes(value));
  const keys = keysOf(path, desired);
  if (keys) {
    return desired.every((element) => {
      const match = live.find((candidate) => keys.every((key) => keyValue(candidate, key) === keyValue(element, key)));
      return match !== undefined && coversAt(path, match, element, quantity);
    });
  }
  return live.length === desired.length && desired.every((value, i) => coversAt(path, live[i], value, quantity));
}

/** `ports` means a map by number in containers and Services, but a plain list in NetworkPolicies. */
function keysOf(path: string, desired: readonly unknown[]): readonly string[] | undefined {
  if (!desired.every(isFields)) return undefined;
  const field = path.slice(path.lastIndexOf('.') + 1);
  if (path === 'spec.ports') return ['port', 'protocol'];
  if (field === 'ports' && desired.every((port) => 'containerPort' in port)) return ['containerPort', 'protocol'];
  const keys = own(mergeKeys, field) as readonly string[] | undefined;
  return keys && desired.every((element) => keys.every((key) => isScalar(keyValue(element, key)))) ? keys : undefined;
}

function keyValue(element: unknown, key: string): unknown {
  return isFields(element) ? (own(element, key) ?? own(keyDefaults, key)) : undefined;
}

/** Whether a value can be a key: others are never equal to their copy. */
function isScalar(value: unknown): boolean {
  return value !== undefined && typeof value !== 'object';
}

/** A field of its own, never `constructor` and its like, which label keys may well be called. */
function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
