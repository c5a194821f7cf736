/** The Python that authors bring for ops of their own. */
import { readFileSync } from "node:fs";
import { UserError } from "../errors/index.ts";

/** The text of a file; UserError where it cannot be read. */
export function ownPython(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UserError({
      what: `the Python of an op cannot be read: ${file}`,
      found: (error as NodeJS.ErrnoException).code ?? String(error),
      help: "pyFrom takes the path of a .py file, from the file that calls it",
    });
  }
}
