/** What the command line does where it writes to a terminal: lines as wide as that is, and colours of messages. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { litevae } from "../e2e/in-process.ts";
import { root } from "../e2e/litevae.ts";

// process.stdout is a pipe here; hasColors is a terminal's own.
function terminal(columns: number): void {
  for (const stream of [process.stdout, process.stderr]) {
    Object.defineProperty(stream, "isTTY", { value: true, configurable: true });
    Object.defineProperty(stream, "columns", { value: columns, configurable: true });
    Object.defineProperty(stream, "hasColors", { value: () => true, configurable: true });
  }
}

afterEach(() => {
  vi.unstubAllEnvs();
  for (const stream of [process.stdout, process.stderr])
    for (const key of ["isTTY", "columns", "hasColors"]) Reflect.deleteProperty(stream, key);
});

test("tables of 60 columns have lines of 60", async () => {
  terminal(60);
  const { stdout } = await litevae(root, "compare", "s", "sd-vae");
  const tables = stdout.split("\n").filter((line) => /^(?:model|─|s |sd-vae)/.test(line));
  expect(tables.length).toBeGreaterThan(30);
  expect(tables.filter((line) => line.length > 60)).toEqual([]);
});

describe("colours", () => {
  const red = "\u001b[31m";
  const said = async (...args: readonly string[]): Promise<boolean> => {
    const { stderr } = await litevae(root, "chek", ...args);
    expect(stderr).toContain("there is no command chek");
    return stderr.includes(red);
  };

  test("are those of a terminal alone", async () => {
    vi.stubEnv("FORCE_COLOR", undefined);
    vi.stubEnv("NO_COLOR", undefined);
    expect(await said()).toBe(false);
    terminal(80);
    expect(await said()).toBe(true);
    vi.stubEnv("NO_COLOR", "1");
    expect(await said()).toBe(false);
    expect(await said("--color", "always")).toBe(true);
  });
  test("come and go by variable and option", async () => {
    vi.stubEnv("NO_COLOR", undefined);
    vi.stubEnv("FORCE_COLOR", "1");
    expect(await said()).toBe(true);
    vi.stubEnv("FORCE_COLOR", "0");
    expect(await said()).toBe(false);
    vi.stubEnv("FORCE_COLOR", "1");
    expect(await said("--color", "never")).toBe(false);
    const { code, stderr } = await litevae(root, "list", "--color", "maybe");
    expect([code, stderr]).toEqual([2, expect.stringContaining("auto, always, never")]);
  });
});
