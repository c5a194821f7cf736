/** `npm start`: compiles LiteVAE-B, compares the built-in models, and sends a photograph through the compiled graphs. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ensureBuild, ensureNodeModules, progress, root, run, script, SetupError } from "./setup.mjs";

const compiled = "out/litevae-b";
const pictures = "out/astronaut";

const commands = [
  ["compile", "b", "-o", compiled],
  ["compare", "s", "b", "m", "l", "sd-vae"],
  ["run", compiled, "examples/photos/astronaut.png", "-o", pictures],
];

script(() => {
  ensureNodeModules();
  ensureBuild();
  for (const args of commands) {
    const line = `litevae ${args.join(" ")}`;
    progress(`\n$ npx ${line}`);
    const code = run(process.execPath, ["dist/bin/litevae.js", ...args]);
    if (code !== 0) throw new SetupError(`${line} ended with exit code ${code}`);
  }
  const files = readdirSync(join(root, pictures)).filter((file) => /\.(png|jpe?g|webp)$/.test(file));
  process.stdout.write(
    `\nPictures: ${files.map((file) => join(pictures, file)).join(", ")}\n` +
      "The weights are untrained, so the reconstruction is noise: train the package of `litevae compile b --target torch`, then\n" +
      "`litevae compile b --weights model.safetensors`.\n",
  );
});
