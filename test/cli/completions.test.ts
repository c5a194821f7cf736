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
  return await completed("_litevae", "litevae", ...words);
}

async function completed(by: string, ...words: readonly string[]): Promise<readonly string[]> {
  const typed = words.map((word) => `"${word}"`).join(" ");
  const asked = `COMP_WORDS=(${typed}); COMP_CWORD=${words.length - 1}; ${by}; printf '%s\\n' "\${COMPREPLY[@]}"`;
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
    ["compile", "b", "--target", ""],
    ["onnx", "torch", "web"],
  ],
  [["compile", "b", "--recipe", "sm"], ["smoke"]],
  [["--color", "n"], ["never"]],
  [["--co"], ["--color"]],
  [
    ["completions", ""],
    ["model.ts", "notes.md"],
  ],
])("bash offers for %j", async (words, expected) => {
  expect([...(await offered(...words))].sort()).toEqual([...expected].sort());
});

test("bash completes npx litevae as litevae, and leaves other packages alone", async () => {
  expect(await completed("_litevae_npx", "npx", "litevae", "compare", "--form")).toEqual(["--format"]);
  expect(await completed("_litevae_npx || true", "npx", "prettier", "--ch")).toEqual([]);
});

test("zsh reads bash's, and fish one line of each option", async () => {
  const [common] = (await script("bash")).split("_litevae_npx");
  expect(await script("zsh")).toContain(common);
  expect(await script("fish")).toContain(
    "complete -c litevae -n '__fish_seen_subcommand_from compare' -l format -x -a 'table json md csv html' -d",
  );
});
