/** Float16 of parts that take conditions, which no image and no part gives. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { litevae } from "../e2e/in-process.ts";
import { photos, root, tempFolder } from "../e2e/litevae.ts";

const folder = tempFolder();

test("they are drawn, the same every time, and it is said which", async () => {
  const compile = (out: string): ReturnType<typeof litevae> =>
    litevae(folder, "compile", join(root, "examples/inpainting.ts"), "-o", out, "--precision", "fp16", "--calibrate", photos);
  const { code, stderr } = await compile("out");
  expect(code, stderr).toBe(0);
  const saidIn = (text: string): readonly string[] => text.split("\n").filter((line) => /drawn|worst/.test(line));
  const said = saidIn(stderr);
  expect(said).toEqual([
    expect.stringMatching(/^ {2}found: {4}encoder in fp16: worst error against fp32 [1-9]/),
    "            mask drawn from a normal distribution",
    // What the encoder takes, the decoder is given.
    expect.stringMatching(/^ {2}found: {4}decoder in fp16: worst error against fp32 [1-9]/),
  ]);
  expect(saidIn((await compile("again")).stderr)).toEqual(said);
});
