/** `npm run build`: dist/ from bin, dsl and src. */
import { ensureBuild, ensureNodeModules, script } from "./setup.mjs";

script(async () => {
  await ensureNodeModules();
  await ensureBuild();
});
