/**
 * `npm start`: sends a photograph through a small model that was trained on it, with the reconstruction to look at; then counts what LiteVAE
 * costs beside SD-VAE, and compiles LiteVAE-B.
 */
import { ensureBuild, ensureNodeModules, progress, run, script, SetupError } from "./setup.mjs";

const demo = "out/demo-nano";
const images = "out/demo-astronaut";
const compiled = "out/litevae-b";

const commands = [
  ["compile", "nano", "--weights", "examples/demo/nano.safetensors", "--target", "web", "-o", demo],
  ["run", demo, "examples/photos/astronaut.png", "-o", images],
  ["compare", "s", "b", "m", "l", "sd-vae"],
  ["compile", "b", "-o", compiled],
];

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
    `\nLook at ${images}/reconstruction.png: what came back of a photograph through a small model that was overfitted to it.\n` +
      `npx litevae serve ${demo} gives out a page in which you can try photographs of your own.\n` +
      `${compiled} has the graphs of LiteVAE-B. There are no published weights of LiteVAE, so it is untrained:\n` +
      "docs/training.md says how to train one.\n",
  );
});
