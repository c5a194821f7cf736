/** What an author reads in the editor: the whole text of the errors that the DSL's types give. */
import { beforeAll, describe, expect, test } from "vitest";
import { diagnose } from "./diagnose.ts";
import { cases } from "./type-error-cases.ts";

describe("TypeScript names", () => {
  let found: ReadonlyMap<string, readonly string[]>;
  beforeAll(() => {
    found = diagnose(Object.fromEntries(Object.entries(cases).map(([title, { code }]) => [title, code])));
  });
  test.each(Object.entries(cases))("%s", (title, { errors }) => {
    expect(found.get(title)).toEqual(errors);
  });
});
