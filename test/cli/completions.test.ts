/** What shells complete by the scripts that `litevae completions` prints. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { litevae } from "../e2e/in-process.ts";
import { tempFolder, write } from "../e2e/litevae.ts";

const folder = tempFolder();
write(folder, { "model.ts": "", "notes.md": "" });

async function script(shell: string): Promise<string> {
  const { code, stdout, stderr } = await litevae(folder, "completions", shell);
  expect(code, stderr).toBe(0);
  return stdout;
}

/** What bash offers where the last of these words is being written. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const typed = words.map((word) => `"${word}"`).join(" ");
  const asked = `COMP_WORDS=(litevae ${typed}); COMP_CWORD=${words.length}; _litevae; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = spawnSync("bash", ["-c", `${await script("bash")}\n${asked}`], {
    cwd: folder,
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.split("\n").filter((line) => line !== "");
}

test.each([
  [["comp"], ["compare", "compile", "completions"]],
  [["compare", "--form"], ["--format"]],
  [
    ["compare", "s", "--format", ""],
    ["table", "md", "json", "csv", "html"],
  ],
  [["compile", "sd"], ["sd-vae", "sdxl", "sd3"].filter((name) => name.startsWith("sd"))],
  [["check", "mod"], ["model.ts"]],
  [["run", "no"], ["notes.md"]],
  [
    ["completions", ""],
    ["model.ts", "notes.md"],
  ],
])("bash offers for %j", async (words, expected) => {
  expect([...(await offered(...words))].sort()).toEqual([...expected].sort());
});

test("zsh reads bash's, and fish one line of each option", async () => {
  expect(await script("zsh")).toContain(await script("bash"));
  expect(await script("fish")).toContain(
    "complete -c litevae -n '__fish_seen_subcommand_from compare' -l format -x -a 'table json md csv html' -d",
  );
});
