/** Whether `wanted` is an older Redis than `floor` ("7.2" < "8.0.1"), by major and minor: patches share file formats. */
export function isOlder(wanted: string, floor: string): boolean {
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number);
  const [floorMajor = 0, floorMinor = 0] = floor.split('.').map(Number);
  return wantedMajor < floorMajor || (wantedMajor === floorMajor && wantedMinor < floorMinor);
}
