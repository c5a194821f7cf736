/**
 * `npm run overview`: draws docs/overview.svg, the README's image, from what the commands print: the counts of two models, and a photograph
 * through the compiled demo. Takes docs/report.png of the top of a comparison's page.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import sharp from "sharp";
import { findChromium } from "./chromium.mjs";
import { ensureBuild, ensureNodeModules, inRoot, root, run, script, SetupError } from "./setup.mjs";

const target = "docs/overview.svg";
const compiled = "out/overview/nano";
const images = "out/overview/images";
const report = "out/overview/report.html";
const photo = "examples/photos/chelsea.png";

const cli = (...args) =>
  execFileSync(process.execPath, ["dist/bin/litevae.js", ...args], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });

async function litevae(...args) {
  const code = await run(process.execPath, ["dist/bin/litevae.js", ...args]);
  if (code !== 0) throw new SetupError(`litevae ${args.join(" ")} ended with exit code ${code}`);
}

async function thumbnail(path) {
  const bytes = await sharp(inRoot(path)).resize(104, 104, { fit: "cover", kernel: "lanczos3" }).jpeg({ quality: 82 }).toBuffer();
  return `data:image/jpeg;base64,${bytes.toString("base64")}`;
}

const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const text = (x, y, content, attributes = 'class="t"') => `<text x="${x}" y="${y}" ${attributes}>${escape(content)}</text>`;
const card = (x, y, width, height) => `<rect class="card" x="${x}" y="${y}" width="${width}" height="${height}" rx="10"/>`;
const heading = (x, y, word, rest) => `${text(x, y, word, 'class="h"')}${text(x, y + 21, rest, 'class="s"')}`;

/** Lines of code; a line may be [text, class]. */
function code(x, y, lines) {
  return lines.map((line, i) => {
    const [content, kind] = Array.isArray(line) ? line : [line, "c"];
    return text(x, y + 20 * i, content, `class="${kind}" xml:space="preserve"`);
  });
}

const squiggle = (x, y, width) =>
  `<path class="red" d="M${x} ${y}${Array.from({ length: Math.floor(width / 6) }, () => "q1.5 -3 3 0t3 0").join("")}"/>`;

function measure(y, label, unit, values) {
  const largest = Math.max(...values);
  return [
    text(444, y, label, 'class="s"'),
    ...values.flatMap((value, i) => [
      `<rect class="${i === 0 ? "bar" : "other"}" x="444" y="${y + 9 + 24 * i}" width="${((value / largest) * 150).toFixed(1)}" height="17" rx="3"/>`,
      text(444 + (value / largest) * 150 + 8, y + 22 + 24 * i, `${value.toFixed(1)} ${unit}`, 'class="n"'),
    ]),
  ];
}

async function draw() {
  const counted = JSON.parse(cli("compare", "examples/litevae-b.ts", "sd-vae", "--format", "json"));
  const encoders = counted.map(({ parts }) => parts.encoder);
  const files = readdirSync(inRoot(images));
  const shown = (word) => {
    const file = files.find((name) => name.includes(word));
    if (file === undefined) throw new SetupError(`litevae run wrote no ${word} image into ${images}`);
    return thumbnail(join(images, file));
  };
  const [image, latent, reconstruction] = await Promise.all([thumbnail(photo), shown("latent"), shown("reconstruction")]);
  const placed = (x, y, data, label) =>
    `<image x="${x}" y="${y}" width="104" height="104" href="${data}" clip-path="inset(0 round 6px)"/>${text(x + 52, y + 122, label, 'class="s" text-anchor="middle"')}`;
  const arrow = (x, y, length) => `<path class="arrow" d="M${x} ${y}h${length}m-6 -5l6 5l-6 5"/>`;

  const parts = [
    heading(24, 40, "Author", "a wrong channel count is an error in the editor"),
    card(24, 80, 364, 320),
    ...code(44, 112, [
      'import { litevae } from "litevae";',
      "export default litevae({",
      '  variant: "B",',
      "  latentChannels: 12,",
      '  decoder: { norm: "smc" },',
      "});",
    ]),
    '<path class="rule" d="M44 238H368"/>',
    ...code(44, 268, [
      "const { conv } = layers({",
      "  conv: conv2d({ in: 16, out: 24 }),",
      "});",
      "return conv(concat(a, b, c));",
    ]),
    squiggle(138, 334, 117),
    ...code(44, 362, [
      ["Argument of type 'Feature<36, 8>' is not", "e"],
      ["assignable to 'Feature<16, 8>'", "e"],
    ]),
    heading(424, 40, "Check and count", "exactly, before a GPU is rented"),
    card(424, 80, 300, 320),
    text(444, 112, "encoder at 256×256", 'class="c"'),
    `<rect class="bar" x="444" y="126" width="11" height="11" rx="2"/>${text(461, 136, "yours", 'class="s"')}`,
    `<rect class="other" x="516" y="126" width="11" height="11" rx="2"/>${text(533, 136, "sd-vae", 'class="s"')}`,
    ...measure(
      164,
      "parameters",
      "M",
      encoders.map(({ params }) => params / 1e6),
    ),
    ...measure(
      244,
      "multiply-accumulates",
      "GMACs",
      encoders.map(({ macs }) => macs / 1e9),
    ),
    ...measure(
      324,
      "activation in onnxruntime",
      "MiB",
      encoders.map(({ activationBytes }) => activationBytes / 2 ** 20),
    ),
    heading(760, 40, "Compile", "one description, the same numbers everywhere"),
    card(760, 80, 416, 184),
    text(780, 108, "ONNX", 'class="b"'),
    text(834, 108, "encoder.onnx, decoder.onnx, client.js", 'class="c"'),
    placed(780, 122, image, "image"),
    arrow(890, 174, 22),
    placed(918, 122, latent, "latent"),
    arrow(1028, 174, 22),
    placed(1056, 122, reconstruction, "by the demo"),
    card(760, 280, 416, 120),
    text(780, 308, "PyTorch", 'class="b"'),
    text(850, 308, "a package that trains itself", 'class="s"'),
    ...code(780, 336, [
      "torchrun --nproc_per_node 8 \\",
      "  -m litevae_b.train --data IMAGES --output RUN",
      "python -m litevae_b.evaluate --weights RUN …",
    ]),
    arrow(394, 240, 24),
    arrow(730, 240, 24),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 424" font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif" role="img" aria-labelledby="title">
<title id="title">A model file of a few lines is checked in the editor, counted, and compiled to ONNX graphs and to a PyTorch package.</title>
<style>
.page{fill:#fbfaf7}.card{fill:#fff;stroke:#dcd8ce}.t,.c,.n,.b,.h{fill:#23262b}.s{fill:#5f646d}.e{fill:#b3261e}
.h{font-size:22px;font-weight:650}.b{font-size:14px;font-weight:650}.s{font-size:13.5px}.n{font-size:13px}
.c,.e{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:13px}.e{font-size:12.5px}
.bar{fill:#1f6f78}.other{fill:#c9a66b}.arrow{stroke:#5f646d;stroke-width:1.6;fill:none;stroke-linecap:round;stroke-linejoin:round}
.rule{stroke:#dcd8ce}.red{stroke:#b3261e;stroke-width:1.4;fill:none}
@media (prefers-color-scheme:dark){.page{fill:#15171a}.card{fill:#1e2125;stroke:#353a41}.t,.c,.n,.b,.h{fill:#eceae4}.s{fill:#a6abb3}.e{fill:#ff8a80}
.bar{fill:#4fb3bf}.other{fill:#9a7f4f}.arrow{stroke:#a6abb3}.rule{stroke:#353a41}.red{stroke:#ff8a80}}
</style>
<rect class="page" width="1200" height="424" rx="14"/>
${parts.flat().join("\n")}
</svg>
`;
}

/** The first screen of the page, in few colours. */
async function photographReport() {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new SetupError("docs/report.png needs Chromium: install it, or name one in CHROMIUM");
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-background-networking"] });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 1200 }, colorScheme: "light" });
    await page.goto(pathToFileURL(inRoot(report)).href);
    await sharp(await page.screenshot())
      .png({ palette: true, compressionLevel: 9 })
      .toFile(inRoot("docs/report.png"));
  } finally {
    await browser.close();
  }
}

script(async () => {
  await ensureNodeModules();
  await ensureBuild();
  mkdirSync(inRoot("out/overview"), { recursive: true });
  await litevae("compile", "nano", "--weights", "examples/demo/nano.safetensors", "-o", compiled);
  await litevae("run", compiled, photo, "-o", images);
  writeFileSync(inRoot(target), await draw());
  await litevae("compare", "s", "b", "m", "l", "sd-vae", "--format", "html", "-o", report);
  await photographReport();
  process.stdout.write(`${target}, docs/report.png\n`);
});
