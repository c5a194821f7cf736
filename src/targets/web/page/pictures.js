// @ts-check
/** Pictures on canvases. */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8ClampedArray<ArrayBuffer>} rgba
 * @param {number} width
 * @param {number} height
 */
export function draw(canvas, rgba, width, height) {
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.putImageData(new ImageData(rgba, width, height), 0, 0);
}

/**
 * How far two pictures are apart, every colour `gain` times.
 * @param {Uint8ClampedArray} a
 * @param {Uint8ClampedArray} b
 * @param {number} gain
 */
export function differenceOf(a, b, gain) {
  return Uint8ClampedArray.from(a, (value, i) => (i % 4 === 3 ? 255 : gain * Math.abs(value - (b[i] ?? 0))));
}

/**
 * One channel from black to white, between its least and its largest value.
 * @param {Float32Array} plane
 */
export function greyOf(plane) {
  let [min, max] = [Infinity, -Infinity];
  for (const value of plane) [min, max] = [Math.min(min, value), Math.max(max, value)];
  const rgba = new Uint8ClampedArray(4 * plane.length).fill(255);
  plane.forEach((value, i) => rgba.fill(max > min ? (255 * (value - min)) / (max - min) : 128, 4 * i, 4 * i + 3));
  return rgba;
}

/**
 * The Haar transform of planes, laid out as pictures of it usually are: after every level the approximation is the top left quarter of what was one,
 * and the details lie around it, each `gain` times. Both are means of four values with signs, so that neither leaves the range of the image.
 * @param {{ readonly data: Float32Array, readonly channels: number, readonly height: number, readonly width: number }} image whose sides are multiples of 2^levels
 * @param {number} levels
 * @param {number} gain
 */
export function haarBands({ data, channels, height, width }, levels, gain) {
  const out = data.slice();
  for (let level = 0, [rows, columns] = [height, width]; level < levels; level++, rows /= 2, columns /= 2) {
    for (let channel = 0; channel < channels; channel++) {
      const at = (/** @type {number} */ y, /** @type {number} */ x) => (channel * height + y) * width + x;
      const before = out.slice(at(0, 0), at(0, 0) + height * width);
      const value = (/** @type {number} */ y, /** @type {number} */ x) => before[y * width + x] ?? 0;
      for (let y = 0; y < rows / 2; y++) {
        for (let x = 0; x < columns / 2; x++) {
          const [a, b, c, d] = [
            value(2 * y, 2 * x),
            value(2 * y, 2 * x + 1),
            value(2 * y + 1, 2 * x),
            value(2 * y + 1, 2 * x + 1),
          ];
          out[at(y, x)] = (a + b + c + d) / 4;
          out[at(y, x + columns / 2)] = (gain * (a - b + c - d)) / 4;
          out[at(y + rows / 2, x)] = (gain * (a + b - c - d)) / 4;
          out[at(y + rows / 2, x + columns / 2)] = (gain * (a - b - c + d)) / 4;
        }
      }
    }
  }
  return out;
}
