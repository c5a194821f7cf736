/**
 * `npm start`: compiles LiteVAE-B, compares the built-in models, and sends a photograph through the compiled graphs; then through those of
 * a small model that was trained on it.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ensureBuild, ensureNodeModules, progress, root, run, script, SetupError } from "./setup.mjs";

const compiled = "out/litevae-b";
const images = "out/astronaut";
const demo = "out/demo-nano";
const demoImages = "out/demo-astronaut";

const commands = [
  ["compile", "b", "-o", compiled],
  ["compare", "s", "b", "m", "l", "sd-vae"],
  ["run", compiled, "examples/photos/astronaut.png", "-o", images],
  ["compile", "nano", "--weights", "examples/demo/nano.safetensors", "-o", demo],
  ["run", demo, "examples/photos/astronaut.png", "-o", demoImages],
];

const imagesIn = (folder) =>
  readdirSync(join(root, folder))
    .filter((file) => /\.(png|jpe?g|webp)$/.test(file))
    .map((file) => join(folder, file))
    .join(", ");

script(async () => {
  await ensureNodeModules();
  await ensureBuild();
  for (const args of commands) {
    const line = `litevae ${args.join(" ")}`;
    progress(`\n$ npx ${line}`);
    const code = await run(process.execPath, ["dist/bin/litevae.js", ...args]);
    if (code !== 0) throw new SetupError(`${line} ended with exit code ${code}`);
  }
  process.stdout.write(
    `\nImages of LiteVAE-B: ${imagesIn(images)}\n` +
      "Its weights are untrained, so the reconstruction is noise: train the package of `litevae compile b --target torch`, then\n" +
      "`litevae compile b --weights model.safetensors`.\n" +
      `Images of the demo: ${imagesIn(demoImages)}\n` +
      "It is a small model that was overfitted to the example photographs in a few minutes on a CPU.\n",
  );
});
