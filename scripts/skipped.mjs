/** A vitest reporter that says how many tests were left out, by their tags. */
export default class Skipped {
  onTestRunEnd(modules) {
    const counts = new Map();
    for (const module of modules) {
      for (const { tags } of module.children.allTests("skipped")) {
        const reason = tags.length === 0 ? "that skip themselves" : `tagged ${tags.join(", ")}`;
        counts.set(reason, (counts.get(reason) ?? 0) + 1);
      }
    }
    for (const [reason, count] of counts) process.stderr.write(`skipped: ${count} tests ${reason}\n`);
  }
}
