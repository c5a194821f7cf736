import { authorDocs } from "./author-docs.ts";
import { authorNumbers } from "./author-numbers.ts";

/** What stands in the files of authors' blocks beside the code of these. */
export const author = { docs: authorDocs, numbers: authorNumbers };
