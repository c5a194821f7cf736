// @ts-check
/** A latent's channels with a slider each. */
import { draw, greyOf } from "./pictures.js";

/** @typedef {{ readonly data: Float32Array, readonly height: number, readonly width: number }} Latent */

/**
 * @param {HTMLElement} list
 * @param {Latent} latent of one image
 * @param {number} channels
 * @param {(edited: Latent, changed: number) => void} onChange given the latent with every channel's shift, and how many are shifted
 * @returns {() => void} sets all sliders back
 */
export function showChannels(list, latent, channels, onChange) {
  const area = latent.height * latent.width;
  const planes = Array.from({ length: channels }, (_, channel) => latent.data.subarray(channel * area, (channel + 1) * area));
  const deviations = planes.map(deviationOf);
  const sliders = planes.map((plane, channel) => {
    const [item, label, canvas, slider] = [
      document.createElement("li"),
      document.createElement("label"),
      document.createElement("canvas"),
      document.createElement("input"),
    ];
    Object.assign(slider, { type: "range", min: "-3", max: "3", step: "0.1", value: "0", id: `channel-${channel}` });
    label.htmlFor = slider.id;
    label.textContent = `Channel ${channel}`;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Channel ${channel} of the latent`);
    draw(canvas, greyOf(plane), latent.width, latent.height);
    slider.addEventListener("change", changed);
    item.append(canvas, label, slider);
    return { item, slider };
  });
  list.replaceChildren(...sliders.map(({ item }) => item));

  function changed() {
    const shifts = sliders.map(({ slider }, channel) => Number(slider.value) * (deviations[channel] ?? 0));
    const data = latent.data.map((value, i) => value + (shifts[Math.floor(i / area) % channels] ?? 0));
    onChange({ ...latent, data }, sliders.filter(({ slider }) => Number(slider.value) !== 0).length);
  }
  return () => {
    for (const { slider } of sliders) slider.value = "0";
    changed();
  };
}

/** @param {Float32Array} plane */
function deviationOf(plane) {
  const mean = plane.reduce((sum, value) => sum + value, 0) / plane.length;
  return Math.sqrt(plane.reduce((sum, value) => sum + (value - mean) ** 2, 0) / plane.length);
}
