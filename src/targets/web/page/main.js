// @ts-check
/** The page: a photograph is fitted, encoded and decoded, and what comes out is shown. */
import { crop, fromPixels, latentPixels, model, pad, psnr, toPixels } from "../client.js";
import { chooseBackend, open } from "./backends.js";
import { facts } from "./facts.js";
import { showChannels } from "./latent.js";
import { element, listen } from "./photograph.js";
import { differenceOf, draw, haarBands } from "./pictures.js";
import { planOf } from "./plan.js";

/** @typedef {import("./plan.js").Plan} Plan */
/** @typedef {import("../client.js").Client} Client */
/** @typedef {import("./facts.js").Manifest} Manifest */

const canvas = (/** @type {string} */ id) => element(id, HTMLCanvasElement);
const [status, notice, fault] = ["status", "notice", "fault"].map((id) => element(id, HTMLElement));
const [longest, backends, gain] = /** @type {const} */ (["longest", "backend", "gain"]).map((id) =>
  element(id, HTMLSelectElement),
);
const asked = new URLSearchParams(location.search);
/** A WebAssembly memory has 4 GiB in all. */
const limits = { webgpu: 2 ** 27, wasm: 2 ** 29 };
const levels = 3;

/** @type {readonly string[]} */
let files = [];
/** Clients by what they run and how; one photograph's are kept for the next. @type {Map<string, Promise<Client>>} */
const clients = new Map();
/** One photograph after the other. */
let working = Promise.resolve();
/** @type {ImageBitmap | undefined} */
let photograph;

/** @param {HTMLElement | undefined} place @param {string} text */
function say(place, text) {
  if (place === undefined) return;
  place.textContent = text;
  place.hidden = text === "";
}

/** @param {() => Promise<void>} work */
function inTurn(work) {
  working = working.then(async () => {
    say(fault, "");
    try {
      await work();
    } catch (error) {
      say(status, "");
      say(fault, error instanceof Error ? error.message : String(error));
    }
  });
}

/** The client of a part; whatever is not used any more frees its memory first. @param {"encoder" | "decoder"} part @param {Readonly<Record<"encoder" | "decoder", Plan>>} plans */
async function clientOf(part, plans) {
  const keyOf = (/** @type {"encoder" | "decoder"} */ each) => JSON.stringify([each, plans[each].backend, plans[each].tile]);
  const used = [keyOf("encoder"), keyOf("decoder")];
  for (const [key, old] of clients) {
    if (used.includes(key)) continue;
    clients.delete(key);
    await (await old).release();
  }
  const client = clients.get(keyOf(part)) ?? open([part], plans[part], files);
  clients.set(keyOf(part), client);
  client.catch(() => clients.delete(keyOf(part)));
  return await client;
}

/** A photograph at the sides in which it is shown. @param {ImageBitmap} bitmap */
function fitted(bitmap) {
  const most = Math.max(bitmap.width, bitmap.height);
  const scale = Math.min(1, Number(longest?.value ?? most) / most);
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const surface = new OffscreenCanvas(width ?? 1, height ?? 1);
  const context = surface.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("this browser gives no canvas of that size");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, surface.width, surface.height);
  return fromPixels(context.getImageData(0, 0, surface.width, surface.height).data, surface.width, surface.height);
}

/** @param {ImageBitmap} bitmap */
async function show(bitmap) {
  const image = fitted(bitmap);
  const padded = pad(image);
  const original = toPixels(image);
  const backend = /** @type {import("./plan.js").Backend} */ (backends?.value ?? "wasm");
  const plans = {
    encoder: planOf(facts.encoder, padded, backend, limits),
    decoder: planOf(facts.decoder, padded, backend, limits),
  };
  say(status, "Encoding …");
  const encoder = await clientOf("encoder", plans);
  let begun = performance.now();
  const { skips, ...moments } = /** @type {Readonly<Record<string, unknown>>} */ (await encoder.encode(padded));
  const encodeMs = performance.now() - begun;
  const latent = /** @type {import("../client.js").Latent} */ (moments[model.encoded[0]]);

  const decode = async (/** @type {typeof latent} */ given, /** @type {number} */ changed) => {
    say(status, "Decoding …");
    const decoder = await clientOf("decoder", plans);
    begun = performance.now();
    const run = /** @type {(latent: unknown, skips?: unknown) => ReturnType<Client["decode"]>} */ (decoder.decode);
    const decoded = crop(await run(given, skips), image.height, image.width);
    const decodeMs = performance.now() - begun;
    const pixels = toPixels(decoded);
    draw(canvas("reconstruction"), pixels, image.width, image.height);
    const showDifference = () => {
      draw(canvas("difference"), differenceOf(original, pixels, Number(gain?.value)), image.width, image.height);
    };
    showDifference();
    if (gain) gain.onchange = showDifference;
    const decibels = psnr(image, decoded);
    figures({
      PSNR: Number.isFinite(decibels) ? `${decibels.toFixed(2)} dB` : "identical",
      Encode: `${(encodeMs / 1000).toFixed(2)} s`,
      Decode: `${(decodeMs / 1000).toFixed(2)} s`,
      Image: `${image.width} × ${image.height}`,
      Latent: `${model.latentChannels} × ${latent.width} × ${latent.height}`,
    });
    say(status, changed === 0 ? "Done." : `Decoded with ${changed} changed ${changed === 1 ? "channel" : "channels"}.`);
  };

  draw(canvas("original"), original, image.width, image.height);
  draw(canvas("latent"), latentPixels(latent), latent.width, latent.height);
  showBands(padded);
  await decode(latent, 0);
  const reset = element("reset", HTMLButtonElement);
  reset.onclick = showChannels(element("channels", HTMLElement), latent, model.latentChannels, (edited, changed) => {
    reset.disabled = changed === 0;
    inTurn(() => decode(edited, changed));
  });
  reset.disabled = true;
  element("latent-intro", HTMLElement).textContent =
    `${model.latentChannels} channels at a ${model.stride}th of the sides; colours are the first three, each scaled to its own range.`;
  say(notice, notes(bitmap, image, padded, plans).join(" "));
  element("results", HTMLElement).hidden = false;
}

/** What was done to the photograph, and what runs otherwise than it was asked for. @param {ImageBitmap} bitmap @param {{ width: number, height: number }} image @param {{ width: number, height: number }} padded @param {Readonly<Record<"encoder" | "decoder", Plan>>} plans */
function notes(bitmap, image, padded, plans) {
  const of = (/** @type {{ width: number, height: number }} */ { width, height }) => `${width} × ${height}`;
  const said = [];
  if (bitmap.width !== image.width) said.push(`The photograph of ${of(bitmap)} was scaled to ${of(image)}.`);
  if (of(padded) !== of(image)) said.push(`Its last row and column were repeated up to ${of(padded)}, and cut off again.`);
  for (const [part, { backend, tile, why }] of Object.entries(plans)) {
    if (why !== undefined) said.push(`The ${part} runs on ${names[backend]}: it needs ${why}.`);
    if (tile !== undefined)
      said.push(`The ${part} runs in tiles of at most ${tile} pixels, which give what the whole image gives.`);
  }
  return said;
}

/** @param {{ data: Float32Array, height: number, width: number }} padded */
function showBands(padded) {
  let depth = 0;
  while (depth < levels && padded.height % 2 ** (depth + 1) === 0 && padded.width % 2 ** (depth + 1) === 0) depth += 1;
  const data = haarBands({ ...padded, channels: model.imageChannels }, depth, 8);
  draw(canvas("bands"), toPixels({ data, height: padded.height, width: padded.width }), padded.width, padded.height);
  element("bands-intro", HTMLElement).textContent =
    `The Haar wavelet transform of the photograph, ${depth} levels deep: at the top left what remains at ${2 ** depth} times less resolution, around it the horizontal, vertical and diagonal details of each level, eight times as strong; grey is none. Wavelet autoencoders encode these.`;
}

/** @param {Readonly<Record<string, string>>} values */
function figures(values) {
  element("figures", HTMLElement).replaceChildren(
    ...Object.entries(values).map(([name, value]) => {
      const [group, term, definition] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
      if (!group || !term || !definition) throw new Error("unreachable");
      term.textContent = name;
      definition.textContent = value;
      group.append(term, definition);
      return group;
    }),
  );
}

const names = { webgpu: "WebGPU", wasm: "WebAssembly" };

async function start() {
  document.title = `${model.name} · litevae`;
  element("name", HTMLElement).textContent = `A photograph through ${model.name}`;
  for (const side of [256, 512, 1024, 2048, 4096])
    longest?.append(new Option(`${side} pixels`, String(side), side === 512, side === 512));
  const answer = await fetch(new URL("../manifest.json", import.meta.url));
  // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- typed by the comment, which this rule does not read here
  const manifest = /** @type {Manifest} */ (/** @type {unknown} */ (JSON.parse(await answer.text())));
  files = Object.keys(manifest.files);
  const counts = Object.entries(manifest.parts).map(([part, { params }]) => `${part} ${params.toLocaleString("en")} parameters`);
  element("footer", HTMLElement).textContent = `${model.name}: ${counts.join(", ")}; written by litevae ${manifest.litevae}.`;
  if (!facts.trained)
    element("kicker", HTMLElement).textContent =
      "Weights are untrained: what comes out is noise. Compile with --weights for a picture.";
  const forced = asked.get("backend");
  const chosen =
    forced === "wasm"
      ? { backend: /** @type {const} */ ("wasm"), said: "asked for in this page's address" }
      : await chooseBackend(files);
  limits.webgpu = chosen.limit ?? limits.webgpu;
  const bound = Number(asked.get("buffer-limit"));
  if (bound > 0) Object.assign(limits, { webgpu: bound, wasm: bound });
  for (const name of /** @type {const} */ (["webgpu", "wasm"])) {
    if (name === "wasm" || chosen.limit !== undefined)
      backends?.append(new Option(names[name], name, name === chosen.backend, name === chosen.backend));
  }
  const threads = crossOriginIsolated
    ? "with threads"
    : "without threads, which a server with cross-origin isolation allows (litevae serve)";
  say(status, `Ready, on ${names[chosen.backend]}${chosen.backend === "wasm" ? ` ${threads}` : ""}: ${chosen.said}.`);
  if (backends) backends.disabled = false;
}

const again = () => {
  const current = photograph;
  if (current !== undefined) inTurn(() => show(current));
};
longest?.addEventListener("change", again);
backends?.addEventListener("change", again);
element("controls", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault());
const cut = element("cut", HTMLInputElement);
cut.addEventListener("input", () => element("comparison", HTMLElement).style.setProperty("--cut", `${cut.value}%`));
listen(
  (bitmap) => {
    photograph = bitmap;
    inTurn(() => show(bitmap));
  },
  (message) => say(fault, message),
);
inTurn(start);
