/** What a release makes of the changelog. The rest of `npm run release` needs a network: `npm run release -- 0.1.0 --dry-run` shows it. */
import { expect, test } from "vitest";
import { released } from "../../scripts/release.mjs";

const log = "# Changelog\n\n## Unreleased\n\n- It is faster.\n\n## 0.1.0, 2026-01-01\n\n- It is there.\n";

test("what is unreleased gets the version and the date", () => {
  expect(released(log, "0.2.0", "2026-02-03")).toBe(log.replace("Unreleased", "0.2.0, 2026-02-03"));
});
test("so does a version without a date", () => {
  const undated = "# Changelog\n\n## 0.1.0\n\n- It is there.\n";
  expect(released(undated, "0.1.0", "2026-02-03")).toBe(undated.replace("0.1.0", "0.1.0, 2026-02-03"));
});
test.each([
  ["a version that is out", log.replace("Unreleased", "0.2.0, 2026-01-02"), "0.2.0"],
  ["one without a line", "# Changelog\n\n## Unreleased\n\n## 0.1.0, 2026-01-01\n\n- It is there.\n", "0.2.0"],
])("%s is refused", (_, changelog, version) => {
  expect(() => released(changelog, version, "2026-02-03")).toThrow(`CHANGELOG.md says nothing of ${version}`);
});
