/** What EXIF says of an image: what is up in it. runtime/'s data/exif.py has the same rules. */

const orientation = 274;

/** Types of TIFF's: BYTE, SHORT and LONG. */
const whole: Readonly<Record<number, (data: DataView, at: number, littleEndian: boolean) => number>> = {
  1: (data, at) => data.getUint8(at),
  3: (data, at, littleEndian) => data.getUint16(at, littleEndian),
  4: (data, at, littleEndian) => data.getUint32(at, littleEndian),
};

/** A number from 1 to 8; 1 where the data have none or are damaged, since the pixels may still be whole. */
export function orientationOf(exif: Buffer): number {
  const bytes = exif.subarray(0, 6).toString("latin1") === "Exif\0\0" ? exif.subarray(6) : exif;
  const magic = bytes.subarray(0, 4).toString("latin1");
  if (magic !== "II*\0" && magic !== "MM\0*") return 1;
  const littleEndian = magic === "II*\0";
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    const start = data.getUint32(4, littleEndian);
    const end = start + 2 + 12 * data.getUint16(start, littleEndian);
    for (let at = start + 2; at < end; at += 12) {
      const read = whole[data.getUint16(at + 2, littleEndian)];
      const count = data.getUint32(at + 4, littleEndian);
      if (data.getUint16(at, littleEndian) !== orientation || read === undefined || count !== 1) continue;
      const number = read(data, at + 8, littleEndian);
      return number >= 1 && number <= 8 ? number : 1;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return 1;
}
