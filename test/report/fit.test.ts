import { expect, test } from "vitest";
import { litevae } from "../../dsl/index.ts";
import { UserError } from "../../src/errors/index.ts";
import { partOf } from "../../src/ir/walk.ts";
import { fitReport, requireFit } from "../../src/report/fit.ts";

const model = litevae({ variant: "S", discriminator: { kind: "patchgan" } });
const autoencoder = model.parts.filter(({ name }) => name !== "discriminator");

test("a size that fits is let through", () => {
  expect(() => requireFit(autoencoder, 256, 8)).not.toThrow();
});

test("a size that does not fit is refused with the sizes that do", () => {
  expect(() => requireFit(autoencoder, 250, 256)).toThrow(UserError);
  expect(fitReport(autoencoder, 250, 256)).toEqual({
    what: "250 does not fit: H/8 is not whole",
    expected: "a height that is a multiple of 8",
    found: "H/8 = 31.25",
    help: "use 248 or 256",
  });
});

test("the width is checked too, and the message may name the model", () => {
  expect(fitReport(autoencoder, 256, 4, "b")).toMatchObject({
    what: "4 does not fit b: W/8 is not whole",
    expected: "a width that is a multiple of 8",
    help: "use 8",
  });
});

test("an image that is too small for a part says from which size on it fits", () => {
  expect(fitReport([partOf(model, "discriminator")!], 16, 32)).toMatchObject({
    what: "16 does not fit: H/8 - 2 is 0",
    expected: "a height that is a multiple of 8, at least 24",
    found: "H/8 - 2 = 0",
    help: "use 24",
  });
});
