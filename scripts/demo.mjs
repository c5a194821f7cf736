/** `npm run demo`: trains nano on the example photographs by the recipe `demo`; minutes on a CPU. Writes examples/demo/nano.safetensors. */
import { ensureBuild, ensureNodeModules, ensureVenv, run, script, SetupError, venvPython } from "./setup.mjs";

const folder = "out/demo/nano";

script(async () => {
  await ensureNodeModules();
  await ensureBuild();
  await ensureVenv();
  const compile = ["dist/bin/litevae.js", "compile", "nano", "--target", "torch", "--recipe", "demo", "-o", folder, "--force"];
  const steps = [
    [process.execPath, compile],
    [venvPython, ["scripts/demo.py", folder, "examples/photos", "out/demo/run", "examples/demo/nano.safetensors"]],
  ];
  for (const [command, args] of steps) {
    const code = await run(command, args);
    if (code !== 0) throw new SetupError(`${args.join(" ")} ended with exit code ${code}`);
  }
});
