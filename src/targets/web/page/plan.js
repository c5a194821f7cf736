// @ts-check
/** How a part runs on an image of given sides, so that no buffer is larger than what the device binds at once. */

/** @typedef {"webgpu" | "wasm"} Backend */
/** @typedef {{ readonly backend: Backend, readonly tile?: number, readonly why?: string }} Plan */

/**
 * Bytes of a part's largest value.
 * @param {import("../facts.ts").Largest} largest
 * @param {number} pixels of the image
 */
export function bytesOf({ pixel, pair }, pixels) {
  return Math.max(pixel * pixels, pair * pixels ** 2);
}

/**
 * @param {import("../facts.ts").PartFacts} part
 * @param {{ readonly height: number, readonly width: number }} image whose sides fit the model
 * @param {Backend} backend
 * @param {Readonly<Record<Backend, number>>} limits bytes of the largest buffer
 * @returns {Plan}
 */
export function planOf({ largest, leastTile }, { height, width }, backend, limits) {
  const limit = limits[backend];
  const bytes = bytesOf(largest, height * width);
  if (bytes <= limit) return { backend };
  // The side of the largest square that stays below; the client lowers it to one that fits.
  const side = Math.floor(
    Math.sqrt(Math.min(limit / largest.pixel, largest.pair === 0 ? Infinity : Math.sqrt(limit / largest.pair))),
  );
  if (leastTile !== null && side >= leastTile) return { backend, tile: side };
  if (backend === "wasm") return { backend };
  const needs = `a buffer of ${inMiB(bytes)}, and this device binds ${inMiB(limit)} at once`;
  const { tile } = planOf({ largest, leastTile }, { height, width }, "wasm", limits);
  return { backend: "wasm", why: needs, ...(tile === undefined ? {} : { tile }) };
}

/** @param {number} bytes */
function inMiB(bytes) {
  return `${Math.ceil(bytes / 2 ** 20).toLocaleString("en")} MiB`;
}
