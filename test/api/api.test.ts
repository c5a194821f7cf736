/** `litevae/api/node`, of which `litevae/api` is a part: what it gives is what the command line prints and writes. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import * as core from "../../src/api/index.ts";
import * as api from "../../src/api/node/index.ts";
import { litevae } from "../e2e/in-process.ts";
import { hashes, manifestOf, root, sha256, tempFolder, tinyModel, write } from "../e2e/litevae.ts";

const folder = tempFolder();
const tiny = join(folder, "tiny.ts");

beforeAll(() => {
  write(folder, {
    "tiny.ts": tinyModel,
    "wrong.ts": tinyModel.replace("out: 8 }) })", "out: 8 }) })").replace("in: 8, out: 8", "in: 9, out: 8"),
  });
});

async function json(...args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await litevae(folder, ...args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

/** What it rejects with, which must be an error of a person's. */
async function refused(work: Promise<unknown>): Promise<readonly core.Report[]> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(api.UserError);
  return (error as core.UserError).reports;
}

test("everything of litevae/api is in litevae/api/node, by the same names", () => {
  expect(Object.keys(api)).toEqual(expect.arrayContaining(Object.keys(core)));
  expect(api.count).toBe(core.count);
});

test("what it calls neither prints, nor ends the process, nor goes elsewhere", () => {
  // Programs of their own.
  const programs = ["onnxruntime/benchmark-row.ts"];
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter(
    (file) => /\.m?ts$/.test(file) && !file.startsWith("cli") && !programs.includes(file),
  );
  const saying = /(?<![#.\w`])(?:console\.\w|process\.(?:exit|exitCode|stdout|stderr|chdir)\b)/;
  expect(files.filter((file) => saying.test(readFileSync(join(root, "src", file), "utf8")))).toEqual([]);
  expect(files).toContain("api/index.ts");
  expect(saying.test(readFileSync(join(root, "src/cli/main.ts"), "utf8"))).toBe(true);
});

describe("count and compare", () => {
  test("give what compare --format json prints", async () => {
    const model = await api.loadModel(tiny);
    expect([await api.count(model)]).toEqual(await json("compare", "tiny.ts", "--format", "json"));
    const { models } = await api.compare([api.builtIn("s"), model], { size: 64, budgets: ["encoder=7M", "decoder.macs=1k"] });
    const flags = ["--size", "64", "--budget", "encoder=7M"];
    const printed = await json("compare", "s", "tiny.ts", ...flags, "--format", "json");
    expect(models.map(({ budget: _, ...rest }) => rest)).toEqual(
      (printed as readonly core.ComparedRecord[]).map(({ budget: _, ...rest }) => rest),
    );
    expect(models[0]?.budget?.map(({ metric, over }) => [metric, over])).toEqual([
      ["params", 0],
      ["macs", (models[0]?.parts["decoder"]?.macs ?? 0) - 1000],
    ]);
  });

  test("say as data what is not measured", async () => {
    const { notes, parts } = await api.count(api.builtIn("nano"), { size: 8 });
    expect(parts["discriminator"]).toBeNull();
    expect(notes?.map(({ what }) => what)).toEqual([expect.stringContaining("the discriminator is not measured")]);
  });

  test("refuse sizes, budgets and names that are wrong", async () => {
    const [size] = await refused(api.count(api.builtIn("s"), { size: 12 }));
    expect(size?.help).toBe("use 8 or 16");
    expect((await refused(api.compare([api.builtIn("s")], { budgets: ["encodr=1M"] })))[0]?.help).toBe("did you mean encoder?");
    expect(() => api.builtIn("nanno")).toThrow("no model is called nanno");
    const over = await api.compare([api.builtIn("b")], { budgets: ["encoder=1M"] });
    expect(() => api.requireBudgets(over)).toThrow("b: encoder has 6,755,260 parameters, 5,755,260 over the budget of 1,000,000");
  });

  test("are text and a page as well", async () => {
    const models = [api.builtIn("s"), await api.loadModel(tiny)];
    const comparison = await api.compare(models, { size: 64 });
    const printed = await litevae(folder, "compare", "s", "tiny.ts", "--size", "64", "--format", "md");
    expect(api.comparisonText(comparison, "md")).toBe(printed.stdout);
    const page = await litevae(folder, "compare", "s", "tiny.ts", "--size", "64", "--format", "html");
    expect(await api.comparisonPage(models, comparison)).toBe(page.stdout);
  });
});

describe("check", () => {
  test("gives what check --format json prints", async () => {
    expect(await api.check(tiny)).toEqual(await json("check", "tiny.ts", "--format", "json"));
    expect((await api.check(api.builtIn("s"))).parts["encoder"]).toMatchObject({
      inputs: { image: ["N", "3", "H", "W"] },
      outputs: { mean: ["N", "12", "H/8", "W/8"], logvar: ["N", "12", "H/8", "W/8"] },
      sizes: { height: { minimum: 8, step: 8 }, width: { minimum: 8, step: 8 } },
    });
  });

  test("says where a file is wrong, in JSON too, which goes to stdout alone", async () => {
    const reports = await refused(api.check(join(folder, "wrong.ts")));
    expect(reports[0]).toMatchObject({ where: { file: join(folder, "wrong.ts") }, help: expect.stringContaining("9") as string });
    const { code, stdout, stderr } = await litevae(folder, "check", "wrong.ts", "--format", "json");
    const told = JSON.parse(stdout) as { readonly model: string; readonly errors: readonly core.Report[] };
    expect([code, told.model, told.errors.map(({ what }) => what)]).toEqual([1, "wrong.ts", reports.map(({ what }) => what)]);
    expect(stderr).toContain("error: ");
  });
});

describe("compile", () => {
  test("in memory gives the bytes of the folder", async () => {
    const model = await api.loadModel(tiny);
    const settings = { targets: { onnx: { opset: 20 }, torch: { recipe: "smoke" } }, seed: 5 } as const;
    const { code, stderr } = await litevae(
      folder,
      ...["compile", "tiny.ts", "-o", "printed", "--target", "onnx,torch", "--opset", "20", "--recipe", "smoke", "--seed", "5"],
    );
    expect(code, stderr).toBe(0);
    const memory = await api.compile(model, settings);
    const made = Object.fromEntries(Object.entries(memory.files).map(([name, bytes]) => [name, sha256(bytes)]));
    expect(made).toEqual(hashes(join(folder, "printed")));
    const written = await api.compileTo(model, join(folder, "written"), settings);
    expect(hashes(join(folder, "written"))).toEqual(hashes(join(folder, "printed")));
    expect([memory.manifest, written.manifest]).toEqual([
      manifestOf(join(folder, "printed")),
      manifestOf(join(folder, "printed")),
    ]);
  });

  test("takes trained weights from memory as from a file", async () => {
    const model = await api.loadModel(tiny);
    const trained = await api.compileTo(model, join(folder, "trained"), { seed: 7 });
    const weights = join(folder, "trained/model.safetensors");
    const config: unknown = JSON.parse(readFileSync(join(folder, "trained/config.json"), "utf8"));
    const from = await api.compile(model, { weights });
    const memory = await core.compile(model, { weights: { bytes: new Uint8Array(readFileSync(weights)), config } });
    const ofClient = ["client.js", "client.d.ts", "worker.js", "package.json"];
    const without = Object.keys(from.files).filter((name) => !ofClient.includes(name));
    expect(Object.keys(memory.files)).toEqual(without);
    expect(memory.files["encoder.onnx"]).toEqual(from.files["encoder.onnx"]);
    expect(memory.manifest.weights).toEqual(from.manifest.weights);
    expect(memory.manifest.files["model.safetensors"]).toEqual(trained.manifest.files["model.safetensors"]);
    expect(from.notes.map(({ severity }) => severity)).toEqual(["warning"]);
  });

  test("takes recipes from memory, and refuses what is none", async () => {
    const model = await api.loadModel(tiny);
    const smoke = await api.loadRecipe("smoke");
    const named: string[] = [];
    const mine = (name: string): api.Recipe => {
      named.push(name);
      return { ...smoke, name: "mine" };
    };
    const { files } = await api.compile(model, { targets: { torch: { recipe: "own" } }, recipe: mine });
    expect(named).toEqual(["own"]);
    const written = JSON.parse(new TextDecoder().decode(files["litevae_tiny/recipe.json"])) as { readonly name: string };
    expect(written.name).toBe("mine");
    expect((await refused(core.compile(model, { targets: { torch: { recipe: "smok" } } })))[0]?.help).toBe("did you mean smoke?");
    const targets = { tourch: {} } as core.TargetOptions;
    expect((await refused(api.compile(model, { targets })))[0]?.help).toBe("did you mean torch?");
    expect((await refused(api.compile(model, { parts: ["encodr"] })))[0]?.help).toBe("did you mean encoder?");
  });

  test("tells what it does, and stops where it is told to; the folder is then incomplete, and the next compile repairs it", async () => {
    const model = await api.loadModel(tiny);
    const out = join(folder, "stopped");
    const doing: string[] = [];
    await api.compileTo(model, out, { progress: (each) => doing.push(each) });
    expect(doing).toEqual(expect.arrayContaining(["writing encoder.onnx", "writing model.safetensors"]));
    const whole = hashes(out);
    const stop = new AbortController();
    const stopped = api.compileTo(model, out, {
      signal: stop.signal,
      progress: (each) => {
        if (each === "writing decoder.onnx") stop.abort();
      },
    });
    await expect(stopped).rejects.toThrow("aborted");
    expect([existsSync(join(out, "manifest.json")), existsSync(join(out, ".litevae-lock"))]).toEqual([false, false]);
    await api.compileTo(model, out);
    expect(hashes(out)).toEqual(whole);
  });

  test("stops while nothing is told, between steps", async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("enough")), 0);
    await expect(api.compile(await api.loadModel(tiny), { signal: stop.signal })).rejects.toThrow("enough");
    await expect(api.count(api.builtIn("s"), { signal: AbortSignal.abort(new Error("not now")) })).rejects.toThrow("not now");
  });

  test("of two at once into one folder refuses the second", async () => {
    const model = await api.loadModel(tiny);
    const signal = new AbortController().signal;
    const out = join(folder, "both");
    const [first, second] = await Promise.allSettled([
      api.compileTo(model, out, { signal }),
      api.compileTo(model, out, { signal }),
    ]);
    expect([first.status, second.status].sort()).toEqual(["fulfilled", "rejected"]);
    expect((await api.check(tiny)).model).toBe("tiny");
    expect(existsSync(join(out, "manifest.json"))).toBe(true);
  });
});

test("verify gives what verify --format json prints, and says what it could not do", async () => {
  await api.compileTo(await api.loadModel(tiny), join(folder, "graphs"));
  const found = await api.verify(join(folder, "graphs"), { size: 32 });
  expect(found).toMatchObject({ ok: true, errors: [], reference: null, size: { height: 32, width: 32 } });
  expect(found.notes.map(({ what }) => what)).toEqual([expect.stringContaining("has no PyTorch package to compare with")]);
  const printed = await litevae(folder, "verify", join(folder, "graphs"), "--size", "32", "--format", "json");
  expect(JSON.parse(printed.stdout.replaceAll("<dir>", folder))).toEqual(found);
  const other = await api.compileTo(await api.loadModel(tiny), join(folder, "other"), { seed: 1 });
  const against = await api.verify(join(folder, "graphs"), { weights: other.folder });
  expect(against.ok).toBe(false);
  expect(() => api.requireVerified(against)).toThrow("cannot be said");
  await expect(api.verify(join(folder, "graphs"), { signal: AbortSignal.abort(new Error("no")) })).rejects.toThrow("no");
});
