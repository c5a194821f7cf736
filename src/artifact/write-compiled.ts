import { join } from "node:path";
import type { Compiled } from "../compiler/compile.ts";
import type { Manifest } from "../compiler/manifest.ts";
import { pause } from "../errors/pause.ts";
import type { OutputFolder } from "./output-folder.ts";

/**
 * Writes what was compiled into a folder and returns its manifest; `progress` is told of the larger files. Where `signal` stops it, and after an error, the folder
 * stays incomplete.
 */
export async function writeCompiled(
  folder: OutputFolder,
  compiled: Compiled,
  progress: (doing: string) => void,
  signal?: AbortSignal,
): Promise<Manifest> {
  folder.begin();
  try {
    return await written(folder, compiled, progress, signal);
  } catch (error) {
    folder.abandon();
    throw error;
  }
}

async function written(
  folder: OutputFolder,
  { files, facts }: Compiled,
  progress: (doing: string) => void,
  signal: AbortSignal | undefined,
): Promise<Manifest> {
  for (const { name, progress: told, pieces } of files) {
    await pause(signal);
    if (told !== undefined)
      progress(`writing ${told.what}${told.within === undefined ? "" : ` ${join(folder.path, told.within)}`}`);
    folder.write(name, pieces());
  }
  const { leftovers } = folder;
  if (leftovers.length > 0) {
    const gone = named(
      leftovers,
      files.map(({ name }) => name),
    );
    progress(`removing what an earlier compile wrote and this one does not: ${gone.join(", ")}`);
  }
  return folder.finish(facts);
}

/** Files by their names; those of a folder of which none stays are told as that folder. */
function named(gone: readonly string[], kept: readonly string[]): readonly string[] {
  const folderOf = (name: string): string => name.slice(0, name.indexOf("/") + 1);
  return [...new Set(gone.map(folderOf))].flatMap((folder) => {
    const names = gone.filter((name) => folderOf(name) === folder);
    const whole = folder !== "" && !kept.some((name) => name.startsWith(folder));
    return whole ? [`${folder} (${names.length} files)`] : names;
  });
}
