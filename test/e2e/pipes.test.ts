/** Named pipes among files: to open one would be to wait for who writes into it. */
// @module-tag slow
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compiledTiny } from "./in-process.ts";

const { folder, wrong } = compiledTiny();

function pipe(name: string): string {
  expect(spawnSync("mkfifo", [join(folder, name)]).status).toBe(0);
  return name;
}

test("an image", async () => {
  expect(await wrong("run", "compiled", pipe("image.png"), "-o", "images")).toContain(
    "  found:    no file, but a folder, a pipe or a device\n",
  );
  mkdirSync(join(folder, "photos"));
  const calibrated = ["compile", "tiny.ts", "-o", "half", "--precision", "fp16", "--calibrate", "photos"];
  pipe("photos/one.png");
  expect(await wrong(...calibrated)).toContain("cannot read the image photos/one.png");
});

test("weights", async () => {
  expect(await wrong("compile", "tiny.ts", "-o", "new", "--weights", pipe("weights.safetensors"))).toMatchInlineSnapshot(`
    "
    error: cannot read the weights weights.safetensors
      found:    a pipe or a device
      help:     give --weights a safetensors file
    "
  `);
});
