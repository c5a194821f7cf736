import { expect, test } from "vitest";
import { nearest } from "../../src/errors/index.ts";

const settings = ["in", "out", "kernel", "stride", "padding", "bias", "groups", "norm", "latentChannels"];

test.each([
  ["strde", "stride", "a letter is missing"],
  ["kernels", "kernel", "one too many"],
  ["pedding", "padding", "another one"],
  ["nrom", "norm", "two are swapped"],
  ["latnetChanels", "latentChannels", "two are swapped and one is missing"],
  ["KERNEL", "kernel", "case is another"],
])("%s is meant to be %s: %s", (word, meant) => {
  expect(nearest(word, settings)).toBe(meant);
});

test.each(["dilation", "x", "no", "krenle"])("%s is too far from all", (word) => {
  expect(nearest(word, ["stride", "padding", "kernelSize"])).toBeUndefined();
});
