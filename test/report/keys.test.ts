/** What `summary --keys` prints: the keys that weights have, and as many numbers as are counted. */
import { expect, test } from "vitest";
import { formatKeys, keysOf } from "../../src/report/keys.ts";
import { initialWeights, namedTensors } from "../../src/weights/weights.ts";
import { litevae } from "../e2e/in-process.ts";
import { root } from "../e2e/litevae.ts";
import { builtIn, countedBuiltIn } from "../support/built-ins.ts";
import { tiny } from "./tiny.ts";

test.each(["nano", "s-smc", "taesd"])("%s: the keys and shapes of its weights, once each", (name) => {
  const model = builtIn(name);
  const stored = namedTensors(model.parts, initialWeights(model.parts, 0));
  const keys = keysOf(model);
  expect(keys.map(({ key, shape }) => [key, shape])).toEqual(stored.map((tensor) => [tensor.name, tensor.shape]));
  for (const [part, counts] of Object.entries(countedBuiltIn(name).parts)) {
    const trained = keys.filter((each) => each.part === part && !each.buffer);
    expect(trained.reduce((sum, { numbers }) => sum + numbers, 0)).toBe(counts?.params);
  }
});

test("tables, Markdown and CSV say the same", () => {
  const keys = keysOf(tiny({ repeat: 1 })).slice(0, 2);
  expect(`\n${formatKeys(keys, "table")}`).toBe(`
key                            shape  numbers  kind
──────────────────────  ────────────  ───────  ─────────
encoder.conv_in.weight  [4, 3, 3, 3]      108  parameter
encoder.conv_in.bias             [4]        4  parameter
`);
  expect(formatKeys(keys, "csv")).toBe(
    "key,part,shape,numbers,buffer\nencoder.conv_in.weight,encoder,4×3×3×3,108,false\nencoder.conv_in.bias,encoder,4,4,false\n",
  );
  expect(formatKeys(keys, "md").split("\n")[2]).toBe("| encoder.conv_in.weight | [4, 3, 3, 3] | 108 | parameter |");
});

test("the command lists them, and list has JSON", async () => {
  const { stdout } = await litevae(root, "summary", "nano", "--keys", "--format", "json");
  expect(JSON.parse(stdout)).toEqual(keysOf(builtIn("nano")));
  const listed = JSON.parse((await litevae(root, "list", "--format", "json")).stdout) as Record<
    string,
    readonly { name: string }[]
  >;
  expect(listed["models"]?.map(({ name }) => name)).toContain("sd-vae");
  expect(listed["recipes"]?.map(({ name }) => name)).toContain("demo");
});
