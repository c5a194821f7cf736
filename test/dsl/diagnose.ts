import { fileURLToPath } from "node:url";
import { Project, ts } from "ts-morph";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What an author's file begins with in these tests; lines of a snippet count from the line after it. */
export const preamble = `import { litevae } from "litevae";
import * as dsl from "litevae/dsl";
import type { Feature, Vector } from "litevae/dsl";
declare function feature<const C extends number, const S extends number>(): Feature<C, S>;
declare function vector<const C extends number>(): Vector<C>;
export { feature, vector, litevae, dsl };
`;

/** The errors that TypeScript shows for each snippet, as an editor would: the whole text, with the line inside of the snippet. */
export function diagnose(snippets: Readonly<Record<string, string>>): ReadonlyMap<string, readonly string[]> {
  const project = new Project({ tsConfigFilePath: `${root}tsconfig.json`, skipAddingFilesFromTsConfig: true });
  const files = Object.entries(snippets).map(([title, code], i) => {
    const file = project.createSourceFile(`${root}test/dsl/snippet-${i}.ts`, preamble + code);
    return { title, file };
  });
  const offset = preamble.split("\n").length - 1;
  return new Map(
    files.map(({ title, file }) => {
      const found = file.getPreEmitDiagnostics().map((diagnostic) => {
        const text = sortUnions(ts.flattenDiagnosticMessageText(diagnostic.compilerObject.messageText, "\n"));
        return `${(diagnostic.getLineNumber() ?? 0) - offset}: ${text}`;
      });
      return [title, found] as const;
    }),
  );
}

/** TypeScript lists a union in the order in which it met the members, which other snippets change. */
function sortUnions(text: string): string {
  return text.replaceAll(/"\w+"(?: \| "\w+")+/g, (union) => union.split(" | ").sort().join(" | "));
}
