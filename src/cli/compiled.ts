import { existsSync } from "node:fs";
import { extname } from "node:path";
import { UserError } from "../errors/index.ts";

/** Throws UserError where `given`, in the place of a folder that compile wrote, is a model: it is to be compiled first. */
export async function refuseModel(command: string, given: string): Promise<void> {
  const [{ builtInNames }, { extensions }] = await Promise.all([
    import("../api/built-in.ts"),
    import("../api/node/load-file.ts"),
  ]);
  const named = builtInNames.includes(given) && !existsSync(given);
  if (!named && !(extensions.includes(extname(given)) && existsSync(given))) return;
  throw new UserError({
    what: `${given} is a model`,
    expected: "a folder that compile wrote",
    help: `litevae compile ${given} -o out/NAME, then litevae ${command} out/NAME`.replaceAll("NAME", named ? given : "model"),
  });
}
