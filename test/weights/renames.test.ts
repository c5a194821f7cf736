/** The renames of published keys: one table, which Python's tests of the runtime walk too. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { renamedKey } from "../../src/weights/weights.ts";

interface Row {
  readonly renames: Readonly<Record<string, string>>;
  readonly key: string;
  readonly renamed: string;
}

const table = new URL("../../runtime/tests/tables/renames.json", import.meta.url);
const rows = JSON.parse(readFileSync(table, "utf8")) as readonly Row[];

test.each(rows)("$key after $renames", ({ renames, key, renamed }) => {
  expect(renamedKey(key, renames)).toBe(renamed);
});
