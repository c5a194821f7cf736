import { execFileSync, spawn, spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";

describe.runIf(process.env["LITEVAE_UNIT"] !== undefined)("without their tags no test starts", () => {
  test("Python", () => {
    expect(() => spawnSync("/somewhere/.venv/bin/python", ["-c", ""])).toThrow('tag it "python"');
    expect(() => execFileSync("python3.12")).toThrow('tag it "python"');
  });
  test("a browser", () => {
    expect(() => spawn("/usr/bin/chromium", [])).toThrow('tag it "browser"');
  });
  test("though other programs do", () => {
    expect(spawnSync(process.execPath, ["-p", "1 + 1"], { encoding: "utf8" }).stdout).toBe("2\n");
  });
});
