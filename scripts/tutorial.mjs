/**
 * `npm run tutorial`: does what docs/tutorial.md says, in out/tutorial, minutes of training included, and draws the page's images of what comes out:
 * docs/bands.png, by the compiled transform, and docs/tutorial.png. With `bands` behind it, it draws the first alone and trains nothing.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import ort from "onnxruntime-node";
import sharp from "sharp";
import { guideOf, packagesOf } from "./guides.mjs";
import { ensureBuild, ensureNodeModules, ensureVenv, inRoot, progress, script, SetupError, venvPython } from "./setup.mjs";

const folder = inRoot("out/tutorial");
const photo = inRoot("examples/photos/chelsea.png");
const side = 256;
const gap = 12;
const caption = 26;
const page = "#fbfaf7";

const text = (x, y, content) =>
  `<text x="${x}" y="${y}" font-family="DejaVu Sans, Helvetica, Arial, sans-serif" font-size="14" text-anchor="middle" fill="#23262b">${content}</text>`;

/** Squares side by side with a line below each, as a PNG of few colours. */
async function draw(file, panels, labels = "") {
  const width = panels.length * side + (panels.length + 1) * gap;
  const height = side + gap + caption;
  const left = (i) => gap + i * (side + gap);
  const captions = panels.map(({ label }, i) => text(left(i) + side / 2, side + gap + 18, label)).join("");
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${captions}${labels}</svg>`;
  await sharp({ create: { width, height, channels: 3, background: page } })
    .composite([
      ...panels.map(({ image }, i) => ({ input: image, left: left(i), top: gap })),
      { input: Buffer.from(svg), left: 0, top: 0 },
    ])
    .png({ palette: true, colours: 128, compressionLevel: 9 })
    .toFile(inRoot(file));
  progress(file);
}

/** A square of the photograph. */
const crop = (input) => sharp(input).removeAlpha().extract({ left: 100, top: 20, width: side, height: side });

/** Pixels [3, size, size] in [-1, 1] as an image; `gain` makes small values visible. */
async function imageOf(values, size, gain = 1) {
  const area = size * size;
  const pixels = Buffer.from(
    Array.from({ length: 3 * area }, (_, i) => {
      const value = values[(i % 3) * area + Math.floor(i / 3)] * gain;
      return Math.round((Math.min(1, Math.max(-1, value)) + 1) * 127.5);
    }),
  );
  return await sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer();
}

/** The four bands of an image [3, size, size], by the compiled network, laid out in a square; the low one may be an image already. */
async function transformed(session, values, size) {
  const given = new ort.Tensor("float32", values, [1, 3, size, size]);
  const { bands } = await session.run({ image: given });
  const half = size / 2;
  const band = (i) => bands.data.slice(i * 3 * half * half, (i + 1) * 3 * half * half);
  // Details are a few hundredths: six times as much is seen.
  const images = await Promise.all([0, 1, 2, 3].map((i) => imageOf(band(i), half, i === 0 ? 1 : 6)));
  return { low: band(0), images, half };
}

async function mosaic({ images, half }, corner = images[0]) {
  const places = [corner, images[2], images[1], images[3]];
  return await sharp({ create: { width: 2 * half, height: 2 * half, channels: 3, background: page } })
    .composite(places.map((input, i) => ({ input, left: (i % 2) * half, top: Math.floor(i / 2) * half })))
    .png()
    .toBuffer();
}

async function drawBands() {
  const session = await ort.InferenceSession.create(join(folder, "out/bands/network.onnx"));
  const { data } = await crop(photo).raw().toBuffer({ resolveWithObject: true });
  const area = side * side;
  const image = Float32Array.from({ length: 3 * area }, (_, i) => data[(i % area) * 3 + Math.floor(i / area)] / 127.5 - 1);
  const first = await transformed(session, image, side);
  const second = await transformed(session, first.low, side / 2);
  const third = await transformed(session, second.low, side / 4);
  await draw("docs/bands.png", [
    { image: await imageOf(image, side), label: "image" },
    { image: await mosaic(first), label: "one level: low, and three high bands" },
    { image: await mosaic(first, await mosaic(second, await mosaic(third))), label: "three levels: low transformed again" },
  ]);
}

async function drawTutorial() {
  const shown = (path) => crop(join(folder, path)).png().toBuffer();
  await draw("docs/tutorial.png", [
    { image: await crop(photo).png().toBuffer(), label: "image" },
    { image: await shown("out/before/reconstruction.png"), label: "before training" },
    { image: await shown("out/after/reconstruction.png"), label: "after training" },
  ]);
}

/** Runs a command of the page. */
async function follow({ program, args }, env) {
  const line = program === "npx" ? ["npx litevae", ...args] : ["python -m", ...args];
  progress(`\n$ ${line.join(" ")}`);
  const [command, ...first] = program === "npx" ? [process.execPath, inRoot("dist/bin/litevae.js")] : [venvPython, "-m"];
  const code = await new Promise((resolve, reject) => {
    const child = spawn(command, [...first, ...args], { cwd: folder, stdio: ["ignore", "inherit", "inherit"], env });
    child.on("error", reject).on("close", resolve);
  });
  // Some show what is wrong: 1 is theirs.
  if (code !== 0 && code !== 1) throw new SetupError(`${line.join(" ")} ended with exit code ${code}`);
}

script(async () => {
  await ensureNodeModules();
  await ensureBuild();
  const bandsAlone = process.argv[2] === "bands";
  if (!bandsAlone) await ensureVenv();
  const { files, consoles } = guideOf(readFileSync(inRoot("docs/tutorial.md"), "utf8"));
  rmSync(folder, { recursive: true, force: true });
  for (const { name, code } of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), code);
  }
  cpSync(inRoot("examples/photos"), join(folder, "examples/photos"), { recursive: true });
  const env = {
    ...process.env,
    PYTHONPATH: packagesOf(consoles)
      .map((path) => join(folder, path))
      .join(delimiter),
  };
  const chosen = bandsAlone ? consoles.filter(({ args }) => args.includes("bands.ts")) : consoles;
  for (const command of chosen) await follow(command, env);
  await drawBands();
  if (!bandsAlone) await drawTutorial();
});
