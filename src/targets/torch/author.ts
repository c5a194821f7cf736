/** What the files that hold an author's blocks have beside the code of these. */
import type { Definition } from "../../ir/model.ts";

export interface Author {
  /** What is said of a kind of block, in paragraphs. */
  docs(definition: Definition): readonly string[];
  /** The numbers that its code takes from around it: where a setting passes one, the block may do something else. */
  numbers(definition: Definition): readonly number[];
}

/** Where no file is to be read. */
export const unread: Author = { docs: () => [], numbers: () => [] };
