/** `npm run bench [-- --quick]`: prepares what is missing, then measures; see bench/bench.py. */
import { binOf, ensureBuild, ensureNodeModules, ensureVenv, run, script, SetupError, venvPython } from "./setup.mjs";

script(async () => {
  await ensureNodeModules();
  await ensureBuild();
  await ensureVenv();
  const code = await run(venvPython, [
    "bench/bench.py",
    "--node",
    process.execPath,
    "--tsc",
    binOf("typescript", "tsc"),
    ...process.argv.slice(2),
  ]);
  if (code !== 0) throw new SetupError(`the benchmark failed with exit code ${code}`);
});
