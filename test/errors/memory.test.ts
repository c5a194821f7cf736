import { expect, test } from "vitest";
import { UserError } from "../../src/errors/index.ts";
import { memoryFault } from "../../src/errors/memory.ts";

test.each([
  "std::bad_alloc",
  "Non-zero status code returned while running Conv node. Name:'conv' Status Message: std::bad_alloc",
  "Failed to allocate memory for requested buffer of size 51539607552",
  "Array buffer allocation failed",
  "Invalid typed array length: 3000000000000",
  "Invalid array length",
  "Invalid array buffer length",
])("memory that does not suffice is no bug: %s", (message) => {
  const fault = memoryFault(new RangeError(message));
  expect(fault?.reports).toMatchObject([{ what: "memory does not suffice", found: message }]);
});

test("what V8 itself throws is known", () => {
  for (const ask of [() => new Float32Array(2 ** 40), () => new ArrayBuffer(2 ** 52)]) {
    let thrown: unknown;
    try {
      ask();
    } catch (error) {
      thrown = error;
    }
    expect(memoryFault(thrown), String(thrown)).toBeInstanceOf(UserError);
  }
});

test("other errors are left as they are", () => {
  expect(memoryFault(new RangeError("Invalid count value: -1"))).toBeUndefined();
  expect(memoryFault("bad_alloc")).toBeUndefined();
});
