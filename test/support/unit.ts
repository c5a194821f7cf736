/**
 * Loaded before every test file. The workers share the cores, and so what they start has one thread each: more of them would wait for each other,
 * and burn what they wait. `npm test -- unit` runs where there may be neither Python nor a browser, so there no test may start one: it
 * fails and is told its tag, on machines that have them too.
 */
import child from "node:child_process";
import { syncBuiltinESMExports } from "node:module";
import { basename } from "node:path";

process.env["OMP_NUM_THREADS"] ??= "1";

const tags: readonly (readonly [program: RegExp, tag: string])[] = [
  [/^python/i, "python"],
  [/^(?:chrom|google-chrome|headless_shell)/i, "browser"],
];

type Start = (program: string, ...rest: readonly unknown[]) => unknown;

if (process.env["LITEVAE_UNIT"] !== undefined) {
  const starts = child as unknown as Record<string, Start>;
  for (const name of ["spawn", "spawnSync", "execFile", "execFileSync"]) {
    const original = starts[name] as Start;
    starts[name] = (program, ...rest) => {
      const [, tag] = tags.find(([pattern]) => pattern.test(basename(program))) ?? [];
      if (tag !== undefined) throw new Error(`this test starts ${program}: tag it "${tag}" (vitest.config.ts)`);
      return original(program, ...rest);
    };
  }
  syncBuiltinESMExports();
}
