import { join } from "node:path";
import type { Compiled } from "../compiler/compile.ts";
import type { OutputFolder } from "./output-folder.ts";

/** Writes what was compiled into a folder; `progress` is told of the larger files. */
export function writeCompiled(folder: OutputFolder, { files, facts }: Compiled, progress: (doing: string) => void): void {
  folder.begin();
  for (const { name, progress: told, pieces } of files) {
    if (told !== undefined)
      progress(`writing ${told.what}${told.within === undefined ? "" : ` ${join(folder.path, told.within)}`}`);
    folder.write(name, pieces());
  }
  const { leftovers } = folder;
  if (leftovers.length > 0) progress(`removing what an earlier compile wrote and this one does not: ${leftovers.join(", ")}`);
  folder.finish({ ...facts });
}
