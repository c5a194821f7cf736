/**
 * What the guides show of a terminal is what one shows: blocks that begin with `$ npx litevae …` are run in order, beside the guide's own
 * files and the examples, and the lines below must come; … stands for what is left out.
 */
// @module-tag slow
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { litevae, root, tempFolder } from "../e2e/litevae.ts";

const names = readdirSync(join(root, "docs")).filter((file) => file.endsWith(".md"));
const guides = ["README.md", ...names.map((name) => `docs/${name}`)].map((guide) => {
  const text = readFileSync(join(root, guide), "utf8");
  const files = [...text.matchAll(/^```ts file=([^\s/]+)\n(.*?)^```$/gms)].map(([, name = "", code = ""]) => ({ name, code }));
  const consoles = [...text.matchAll(/^```\w*\n\$ npx litevae ([^\n]*)\n(.*?)^```$/gms)].map(([, command = "", shown = ""]) => ({
    command,
    shown,
  }));
  return { guide, files, consoles };
});

test("the README shows its three jobs", () => {
  expect(guides[0]?.consoles.length).toBeGreaterThanOrEqual(3);
});

describe.each(guides.filter(({ consoles }) => consoles.length > 0))("$guide", ({ files, consoles }) => {
  const folder = tempFolder();
  for (const { name, code } of files) writeFileSync(join(folder, name), code);
  symlinkSync(join(root, "examples"), join(folder, "examples"));

  test.each(consoles)("litevae $command", ({ command, shown }) => {
    const { stdout, stderr } = litevae(folder, ...command.split(/\s+/));
    let rest = `${stdout}${stderr}`;
    for (const passage of shown.split("…").filter((text) => text.trim() !== "")) {
      expect(rest).toContain(passage);
      rest = rest.slice(rest.indexOf(passage) + passage.length);
    }
  });
});
