import manifest from './package.json' with { type: 'json' };

/** The version of the command line. */
export const VERSION: string = manifest.version;

/** What is wrong with a Node of this version, such as `20.19.0`, in a sentence; undefined where it will do. npm only warns. */
export function refuseNode(version: string): string | undefined {
  const needed = manifest.engines.node.replace('>=', '');
  const [[major = 0, minor = 0], [leastMajor = 0, leastMinor = 0]] = [partsOf(version), partsOf(needed)] as const;
  const fits = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  return fits ? undefined : `needs Node ${needed} or newer, and this is ${version}: run it with a newer one`;
}

const partsOf = (version: string) => version.split('.').map(Number);
