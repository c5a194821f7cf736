/** `search`: which variants there are, which keep a budget, which no other beats, and what is refused. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { searchable } from "../../dsl/index.ts";
import { builtIns } from "../../dsl/models/index.ts";
import { litevae as litevaeModel } from "../../dsl/models/litevae.ts";
import model from "../../examples/searchable.ts";
import {
  builtIn,
  count,
  requireFitting,
  search,
  UserError,
  variantsOf,
  type Report,
  type Search,
  type SearchOptions,
} from "../../src/api/node/index.ts";
import { combinations, parseVary } from "../../src/api/vary.ts";
import { printModel } from "../../src/ir/print.ts";
import { litevae } from "../e2e/in-process.ts";
import { litevae as started, root, tempFolder, tinyModel, write } from "../e2e/litevae.ts";

const folder = tempFolder();
const own = { ...model, name: "own" };
const settings = { channels: 16, multipliers: [1, 2, 4], groups: 8, kind: "group", wide: true };
const vary = (...texts: readonly string[]): unknown => parseVary(texts, { settings });

function refusal(run: () => unknown): Report {
  try {
    run();
  } catch (error) {
    if (error instanceof UserError) return error.reports[0]!;
    throw error;
  }
  throw new Error("nothing was refused");
}

async function refused(options: SearchOptions): Promise<Report> {
  const error: unknown = await search(own, { ...options, measure: false }).catch((thrown: unknown) => thrown);
  return refusal(() => {
    throw error;
  });
}

describe("--vary", () => {
  test.each([
    ["channels=16..64:16", { channels: [16, 32, 48, 64] }],
    ["channels=16..20:3", { channels: [16, 19] }],
    ["channels=0.1..0.3:0.1", { channels: [0.1, 0.2, 0.3] }],
    ["channels=8/16..18|8", { channels: [8, 16, 17, 18] }],
    ["multipliers=1-2-4/1-2/3", { multipliers: [[1, 2, 4], [1, 2], [3]] }],
    ["kind=smc|group,wide=true|false", { kind: ["smc", "group"], wide: [true, false] }],
  ])("%s", (text, expected) => {
    expect(vary(text)).toEqual(expected);
  });

  test("given again is one more setting, and every combination is a variant", () => {
    const varied = parseVary(["channels=8|16", "multipliers=1-2|1"], { settings });
    expect(combinations(varied)).toEqual([
      { channels: 8, multipliers: [1, 2] },
      { channels: 8, multipliers: [1] },
      { channels: 16, multipliers: [1, 2] },
      { channels: 16, multipliers: [1] },
    ]);
    expect(combinations({})).toEqual([{}]);
  });

  test.each([
    ["chanels=1", "did you mean channels?"],
    ["multi=1", "did you mean multipliers?"],
    ["depth=1", "write for example channels=16..64:16, channels=16/24/32 or multipliers=1-2-4/1-2-2"],
  ])("%s names no setting", (text, help) => {
    const { what, expected, help: told } = refusal(() => vary(text));
    expect([what, expected, told]).toEqual([
      `the model has no setting ${text.split("=")[0]}`,
      "channels, multipliers, groups, kind, wide",
      help,
    ]);
  });

  test.each([
    ["channels", "write for example"],
    ["channels=", "write for example"],
    ["channels=wide", "write for example"],
    ["channels=4..1", "the upper end is below the lower one: write 1..4"],
    ["channels=64..16:16", "the upper end is below the lower one: write 16..64:16"],
    ["channels=1..4:0", "give a step above 0"],
    ["channels=-8/8", "give no negative number"],
    ["multipliers=1-x", "write for example"],
    ["multipliers=2..4", "multipliers is a list: write its numbers with -"],
    ["wide=yes", "write for example"],
    ["channels=1=2", "write for example"],
  ])("%s has no values: %s", (text, told) => {
    const { what, help } = refusal(() => vary(text));
    expect([what, help]).toEqual([expect.stringContaining("gives no values to vary"), expect.stringContaining(told)]);
  });

  test("a setting varies once, and not in more ways than can be counted", () => {
    expect(refusal(() => vary("channels=1", "channels=2")).found).toBe("channels twice");
    expect(refusal(() => vary("channels=1..20000")).found).toBe("20,000");
    expect(refusal(() => combinations(parseVary(["channels=1..500,groups=1..500"], { settings }))).found).toBe("250,000");
  });
});

describe("a search", () => {
  test("counts every variant, and says which keep the budgets and which no other beats", async () => {
    const told: string[] = [];
    const found = await search(own, {
      vary: ["channels=8..32:8,multipliers=1-2-4|2-2-2"],
      budgets: ["encoder=100k", "decoder.activation=8MiB"],
      size: 64,
      progress: (doing) => told.push(doing),
    });
    expect(told[0]).toBe("counting 8 variants");
    expect(found.total).toBe(8);
    expect(found.over).toBeGreaterThan(0);
    expect(found.variants.length + found.over + found.refused.length).toBe(8);
    const { settings: all, build } = variantsOf(own);
    for (const { settings: some, record, costs } of found.variants) {
      const { parts } = await count({ ...build({ ...all, ...some }), name: "own" }, { size: 64 });
      expect(record.parts).toEqual(parts);
      expect(record.budget?.map(({ over }) => over)).toEqual([0, 0]);
      expect(costs.params).toBe(parts["encoder"]!.params + parts["decoder"]!.params);
      expect(costs.activationBytes).toBe(Math.max(parts["encoder"]!.activationBytes!, parts["decoder"]!.activationBytes!));
    }
    const cost = found.variants.map(({ costs: { params, macs, activationBytes } }) => [
      params,
      macs,
      activationBytes ?? Infinity,
    ]);
    for (const [i, { front }] of found.variants.entries()) {
      const beaten = cost.some(
        (other) => other.every((value, k) => value <= cost[i]![k]!) && other.some((value, k) => value < cost[i]![k]!),
      );
      expect(front).toBe(!beaten);
    }
    expect(found.variants.filter(({ front }) => front).length).toBeGreaterThan(0);
  });

  test("with more of a cost as better has the largest on the front, too", async () => {
    const options = { vary: ["channels=8|16|24"], size: 64 };
    const smallest = await search(own, options);
    expect(smallest.variants.map(({ front }) => front)).toEqual([true, false, false]);
    const all = await search(own, { ...options, more: ["params"] });
    expect(all.variants.map(({ front }) => front)).toEqual([true, true, true]);
  });

  test("lists what cannot be built with its reason, an author's own error as well", async () => {
    const strict = searchable({ channels: 16 }, ({ channels }) => {
      if (channels === 24) throw new RangeError("24 is unlucky");
      return variantsOf(own).build({ ...variantsOf(own).settings, channels });
    });
    const { variants, refused: not } = await search({ ...strict, name: "strict" }, { vary: ["channels=12|16|24"], size: 64 });
    expect(variants.map(({ settings: some }) => some)).toEqual([{ channels: 16 }]);
    expect(not.map(({ settings: some, errors }) => [some["channels"], errors[0]?.what])).toEqual([
      [12, expect.stringMatching(/groups.*12|12.*groups|divide/)],
      [24, "RangeError in the model's code: 24 is unlucky"],
    ]);
    expect(not[0]?.errors[0]?.where?.file).toMatch(/searchable\.ts$/);
  });

  test("refuses budgets, settings and models that have none", async () => {
    expect((await refused({ vary: { chanels: [1] } })).help).toBe("did you mean channels?");
    expect((await refused({ vary: [], budgets: ["encodr=1M"] })).help).toBe("did you mean encoder?");
    await expect(search(builtIn("sd-vae"), { vary: [] })).rejects.toThrow("sd-vae has no settings that vary");
    expect(refusal(() => searchable({ channels: NaN }, () => own)).what).toBe(
      "channels of searchable is not something that can be varied",
    );
    const stop = AbortSignal.abort(new Error("enough"));
    await expect(search(own, { vary: ["channels=8|16"], signal: stop })).rejects.toThrow("enough");
  });
});

test("built-in models are what they are with their own settings", () => {
  const names = Object.keys(builtIns).filter((name) => builtIn(name).variants !== undefined);
  expect(names).toEqual(["s", "s-smc", "b", "b-smc", "m", "m-smc", "l", "l-smc", "nano"]);
  for (const name of ["b", "m-smc", "nano"]) {
    const { settings: all, build } = variantsOf(builtIn(name));
    expect(printModel(build(all))).toBe(printModel(builtIn(name)));
  }
  expect(printModel(builtIn("b"))).toBe(printModel(litevaeModel({ name: "b", variant: "B" })));
  expect(variantsOf(builtIn("m")).settings).toMatchObject({ channels: 64, aggregatorChannels: 32 });
});

describe("on the command line", () => {
  const file = join(root, "examples/searchable.ts");

  test("a table, and the same as JSON", async () => {
    const args = [
      "search",
      file,
      "--vary",
      "channels=8|12|16",
      "--vary",
      "groups=4|8",
      "--budget",
      "encoder=60k",
      "--size",
      "64",
    ];
    const { code, stdout, stderr } = await litevae(folder, ...args);
    expect([code, stderr]).toEqual([0, "counting 6 variants\n"]);
    expect(`\n${stdout.replaceAll(root, "<root>")}`).toMatchInlineSnapshot(`
      "
      searchable, 64×64; parameters and MACs of all parts that inference runs, activation of the largest
      on the front is what no other variant beats: none is as good in every cost and better in one. Less is better.

      front  channels  groups  parameters        MACs  activation  encoder.params ≤ 60,000
      ─────  ────────  ──────  ──────────  ──────────  ──────────  ───────────────────────
                    8       4      35,979  13.4 MMACs     816 KiB                   14,792
      *             8       8      35,979  13.4 MMACs     816 KiB                   14,792
                   12       4      75,127  28.5 MMACs     816 KiB                   29,524
                   16       4     128,387  49.3 MMACs     820 KiB                   49,152
                   16       8     128,387  49.3 MMACs     820 KiB                   49,152

      cannot be built
        8 groups do not divide 12 channels
          at <root>examples/searchable.ts:29
          expected: groups that divide 12
          found: groups: 8
          help: choose a divisor, or leave groups out for the largest that is at most min(32, channels/4)
          variants: channels=12, groups=8

      6 variants: 5 fit, of which 1 is on the front; 0 exceed a budget; 1 cannot be built
      "
    `);
    const json = await litevae(folder, ...args, "--format", "json");
    const found = JSON.parse(json.stdout) as Search;
    const same = await search(
      { ...model, name: "searchable" },
      { vary: ["channels=8|12|16,groups=4|8"], budgets: ["encoder=60k"], size: 64 },
    );
    // Where an error stands differs between what this test and what the command imports.
    const placeless = ({ refused: not, ...rest }: Search): unknown => {
      const reasons = not.map(({ settings: some, errors }) => ({ some, what: errors.map(({ what }) => what) }));
      return JSON.parse(JSON.stringify({ ...rest, reasons }));
    };
    expect(placeless(found)).toEqual(placeless(same));
  });

  test("--measure times what fits", () => {
    const args = ["--vary", "channels=8/16", "--budget", "encoder=40k", "--size", "32", "--measure", "--format", "json"];
    const { code, stdout, stderr } = started(folder, "search", file, ...args);
    expect([code, stderr]).toEqual([0, "counting 2 variants\nmeasuring 1 of 1\n"]);
    const { variants } = JSON.parse(stdout) as Search;
    expect(variants.map(({ settings: some }) => some)).toEqual([{ channels: 8 }]);
    expect(variants[0]?.costs.seconds).toBeGreaterThan(0);
  });

  test("where nothing fits the nearest is named, and the exit code is 1", async () => {
    const args = ["--vary", "channels=8/16", "--budget", "encoder=10k", "--budget", "decoder.macs=1G", "--size", "32"];
    const { code, stdout, stderr } = await litevae(folder, "search", file, ...args);
    expect(code).toBe(1);
    expect(stdout).toContain(
      "budgets\n  encoder.params ≤ 10,000: 2 variants over\n  decoder.macs ≤ 1.00 GMACs: 0 variants over\n" +
        "  nearest: channels=8: encoder.params 14,792, 4,792 over 10,000\n",
    );
    expect(stderr).toContain("no variant of searchable keeps the budgets");
    const found = await search(own, { vary: ["channels=8/16"], budgets: ["encoder=10k", "decoder.macs=1G"], size: 32 });
    expect(found.budgets.map(({ exceeding }) => exceeding)).toEqual([2, 0]);
    expect(found.nearest?.settings).toEqual({ channels: 8 });
    expect(() => {
      requireFitting(found);
    }).toThrow("no variant of own keeps the budgets");
  });

  test("nothing that varies is one variant, and a note", async () => {
    const { code, stdout, stderr } = await litevae(folder, "search", file, "--size", "32");
    expect([code, stdout]).toEqual([0, expect.stringContaining("\n1 variant: 1 fits, of which 1 is on the front;")]);
    expect(stderr).toContain("say what varies, such as --vary channels=16/…");
  });

  test("what is wrong is told with an exit code", async () => {
    write(folder, { "tiny.ts": tinyModel });
    expect(await litevae(folder, "search", "tiny.ts", "--vary", "channels=8")).toMatchObject({ code: 1, stdout: "" });
    const { code, stderr } = await litevae(folder, "search", file, "--vary", "channel=8");
    expect([code, stderr]).toEqual([2, expect.stringContaining("did you mean channels?")]);
  });
});
