/** Hash slots of a Redis Cluster. */
export const SLOTS = 16_384;

/** CRC16 of each byte (XMODEM: polynomial 0x1021, https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/, appendix A). */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

/** The slot of a key. Of a key with `{…}` that is not empty only what is in the first such braces counts, as Redis has it. */
export function slotOf(key: string): number {
  const open = key.indexOf('{');
  const close = open < 0 ? -1 : key.indexOf('}', open + 1);
  return crc16(close > open + 1 ? key.slice(open + 1, close) : key) % SLOTS;
}

function crc16(text: string): number {
  let crc = 0;
  const next = (byte: number) => {
    crc = ((crc << 8) ^ (TABLE[((crc >> 8) ^ byte) & 0xff] as number)) & 0xffff;
  };
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    // From the first character on that is not ASCII, by the bytes that are sent.
    if (unit > 0x7f) {
      for (const byte of Buffer.from(text.slice(at))) next(byte);
      break;
    }
    next(unit);
  }
  return crc;
}
