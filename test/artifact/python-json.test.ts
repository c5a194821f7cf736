/** JSON as Python writes it, of numbers that both write with the fewest digits, but not with the same exponents. */
// @module-tag python
import { expect, test } from "vitest";
import { opened, sealed } from "../../src/artifact/sealed.ts";
import { pythonJson } from "../../src/artifact/python-json.ts";
import { randomOf } from "../../src/op-test/random.ts";
import { runPython } from "../support/python.ts";

const random = randomOf(7);
const values = {
  numbers: [
    ...[
      0,
      1,
      -1,
      0.1,
      1e-4,
      1e-5,
      1.5e-5,
      9.99e-5,
      1e-7,
      123456.789,
      2 ** 53,
      1e15,
      1e16,
      1.5e16,
      1e21,
      1e22,
      5e-324,
      -1.25e-10,
      1e300,
    ],
    ...Array.from({ length: 300 }, () => (random() - 0.5) * 10 ** Math.round(60 * random() - 30)),
  ],
  texts: ["", "a/b", "é\u{1F600}\ufb00", '"\\\n\t\u0001\u007f'],
  nothing: { list: [], object: {}, null: null, yes: true },
};

test.each(["sorted", "tight", "indented"] as const)("%s", (style) => {
  const code = `import json, sys
fields = json.load(sys.stdin)
styles = {"sorted": {"sort_keys": True}, "tight": {"sort_keys": True, "separators": (",", ":")}, "indented": {"indent": 2}}
print(json.dumps(fields, **styles["${style}"]))`;
  const text = pythonJson(values, style);
  expect(JSON.parse(text)).toEqual(values);
  expect(runPython(["-c", code], { input: text }).toString()).toBe(`${text}\n`);
});

test("what is sealed is opened again, and a change is noticed", () => {
  const text = sealed(values);
  expect(opened(text)).toEqual(values);
  expect(() => opened(text.replace("123456.789", "123456.788"))).toThrow("its bytes are not those that were written");
});
