/** Weights in a folder that a compile wrote and that was damaged since: what people are told. */
// @module-tag slow
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compiledTiny, litevae } from "./in-process.ts";

const { folder, compiled, wrong } = compiledTiny();
const refused = async (name: string): Promise<string> => wrong("compile", "tiny.ts", "-o", "complete", "--weights", name);

test("a folder of a compile that lost its config.json, and with it what its latents and pixels mean", async () => {
  cpSync(compiled, join(folder, "lost"), { recursive: true });
  rmSync(join(folder, "lost/config.json"));
  expect(await refused("lost")).toMatchInlineSnapshot(`
    "
    error: lost/config.json is missing, which says how the latents of the weights beside it are spread
      found:    manifest.json, which lists it
      help:     copy the folder again; weights alone go into a folder without manifest.json
    "
  `);
  writeFileSync(join(folder, "lost/manifest.json"), readFileSync(join(compiled, "manifest.json")).subarray(0, -9));
  expect(await refused("lost")).toMatchInlineSnapshot(`
    "
    error: lost is not a complete compile: its manifest.json is not JSON
      help:     run litevae compile MODEL -o lost again
    "
  `);
  writeFileSync(join(folder, "lost/manifest.json"), '{"litevae": "0.1.0"}');
  expect(await refused("lost")).toMatchInlineSnapshot(`
    "
    error: lost is not a complete compile: its manifest.json is damaged
      help:     run litevae compile MODEL -o lost again
    "
  `);
  writeFileSync(join(folder, "lost/manifest.json"), '{"name": "of something else"}');
  expect((await litevae(folder, "compile", "tiny.ts", "-o", "found", "--weights", "lost")).code).toBe(0);
});
