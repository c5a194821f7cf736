/** What `compile` writes: the same bytes for the same input, files that match their manifest, graphs that runtimes load. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { beforeAll, describe, expect, test } from "vitest";
import { writeOnnx } from "../../src/compiler/compile.ts";
import { OutputFolder } from "../../src/compiler/output-folder.ts";
import type { OnnxGraph } from "../../src/targets/onnx/graph.ts";
import { hashes, litevae, manifestOf, python, sha256, tempFolder, tinyModel, write } from "./litevae.ts";

const folder = tempFolder();

/** Every kind of layer that the built-in models have, attention and spectral norm among them, with few channels. */
const mini = `import { litevae } from "litevae";

export default litevae({ variant: "S", decoder: { base: 32 }, discriminator: { kind: "unet", channels: 16 } });
`;

/** Compiles into a folder of the given name, which must succeed. */
function compile(model: string, out: string, ...flags: readonly string[]): string {
  const { code, stdout, stderr } = litevae(folder, "compile", model, "-o", out, ...flags);
  expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: "" });
  return join(folder, out);
}

/** Runs a Python script and reads the JSON that it prints. */
function fromPython(script: string, ...args: readonly string[]): unknown {
  const { code, stdout, stderr } = python(folder, script, ...args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

beforeAll(() => {
  write(folder, { "tiny.ts": tinyModel, "mini.ts": mini });
});

describe("the same input", () => {
  test("gives the same bytes: a built-in model", () => {
    expect(hashes(compile("nano", "nano-1"))).toEqual(hashes(compile("nano", "nano-2")));
  });
  test("gives the same bytes: a file, from another place, over a folder that is complete", () => {
    write(folder, { "elsewhere/far/tiny.ts": tinyModel });
    const flags = ["--target", "onnx,torch", "--external-data"];
    compile("tiny.ts", "tiny-2", "--seed", "7");
    expect(hashes(compile("tiny.ts", "tiny-1", ...flags))).toEqual(hashes(compile("elsewhere/far/tiny.ts", "tiny-2", ...flags)));
  });
  test("with another seed gives other weights, and nothing else", () => {
    const [one, two] = [
      compile("mini.ts", "seed-0", "--parts", "encoder,decoder,discriminator"),
      compile("mini.ts", "seed-1", "--parts", "encoder,decoder,discriminator", "--seed", "1"),
    ];
    expect(readFileSync(join(one, "config.json"))).toEqual(readFileSync(join(two, "config.json")));
    const difference = fromPython(
      `
import json, sys
import onnx
from safetensors.numpy import load_file

one, two = sys.argv[1:]
a, b = load_file(f"{one}/model.safetensors"), load_file(f"{two}/model.safetensors")
assert a.keys() == b.keys() and all(a[key].shape == b[key].shape for key in a)
# Norms start at ones and zeros, running statistics too: no seed changes them.
constant = {key for key in a if a[key].size == 0 or a[key].min() == a[key].max()}
same = [key for key in a if key not in constant and (a[key] == b[key]).all()]

def skeleton(path):
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if not tensor.name.startswith("constants/"):
            tensor.ClearField("raw_data")
    metadata = {prop.key: prop.value for prop in model.metadata_props}
    del model.metadata_props[:]
    return model.SerializeToString(), metadata

graphs = {}
for part in ("encoder", "decoder", "discriminator"):
    (graph, metadata), (other, changed) = (skeleton(f"{folder}/{part}.onnx") for folder in (one, two))
    graphs[part] = [graph == other, {key: [metadata[key], changed[key]] for key in metadata if metadata[key] != changed[key]}]
print(json.dumps({"same": same, "graphs": graphs}))
`,
      one,
      two,
    );
    const graph = [true, { weights: ["untrained, seed 0", "untrained, seed 1"] }];
    expect(difference).toEqual({ same: [], graphs: { encoder: graph, decoder: graph, discriminator: graph } });
  });
  test("gives a part the same weights, whatever other parts are compiled", () => {
    const [all, alone] = [join(folder, "seed-0"), compile("mini.ts", "encoder-alone", "--parts", "encoder")];
    expect(readFileSync(join(alone, "encoder.onnx")).equals(readFileSync(join(all, "encoder.onnx")))).toBe(true);
    const shared = fromPython(
      `
import json, sys
from safetensors.numpy import load_file

all, alone = (load_file(f"{folder}/model.safetensors") for folder in sys.argv[1:])
print(json.dumps([sorted({key.split(".")[0] for key in alone}), len(alone) < len(all), all.keys() >= alone.keys() and all_equal(all, alone)]))
`.replace("all_equal(all, alone)", "not [key for key in alone if (all[key] != alone[key]).any()]"),
      all,
      alone,
    );
    expect(shared).toEqual([["encoder"], true, true]);
  });
});

describe("the folder", () => {
  const filesOf = (out: string): readonly string[] => Object.keys(hashes(out));

  test("holds what its manifest lists, with sizes and sha256, and the manifest", () => {
    const out = compile(
      "mini.ts",
      "listed",
      "--target",
      "onnx,torch",
      "--external-data",
      "--parts",
      "encoder,decoder,discriminator",
    );
    const { files, litevae: version, model } = manifestOf(out);
    expect({ version, model }).toEqual({ version: "0.1.0", model: "mini" });
    expect([...Object.keys(files), "manifest.json"].sort()).toEqual(filesOf(out));
    expect(Object.keys(files)).toEqual(
      expect.arrayContaining([
        "config.json",
        "decoder.onnx",
        "decoder.onnx.data",
        "discriminator.onnx",
        "encoder.onnx",
        "model.safetensors",
        "pyproject.toml",
      ]),
    );
    for (const [name, { bytes, sha256: hash }] of Object.entries(files)) {
      expect({ name, bytes, hash }).toEqual({
        name,
        bytes: statSync(join(out, name)).size,
        hash: sha256(readFileSync(join(out, name))),
      });
    }
  });
  test("loses what an earlier compile left and this one does not write", () => {
    const out = compile("tiny.ts", "again", "--target", "onnx,torch", "--external-data");
    expect(filesOf(out)).toContain("decoder.onnx.data");
    expect(filesOf(compile("tiny.ts", "again", "--parts", "encoder"))).toEqual([
      "config.json",
      "encoder.onnx",
      "manifest.json",
      "model.safetensors",
    ]);
    expect(readdirSync(out)).toHaveLength(4);
  });
  test("is used again after Python left its caches in it", () => {
    compile("tiny.ts", "cached", "--target", "torch");
    write(folder, {
      "cached/litevae_tiny/__pycache__/model.cpython-311.pyc": "cache",
      "cached/litevae_tiny.egg-info/PKG-INFO": "metadata",
    });
    expect(filesOf(compile("tiny.ts", "cached", "--target", "torch"))).toContain(
      "litevae_tiny/__pycache__/model.cpython-311.pyc",
    );
  });
});

describe("weights", () => {
  /** Writes the weights of a compile again, in another way. */
  const rewritten = (name: string, change: string): unknown =>
    fromPython(
      `
import json, sys
import numpy as np
import safetensors
from safetensors.numpy import load_file, save_file

tensors = load_file("weights/model.safetensors")
out = sys.argv[1]
${change}
print(json.dumps(len(tensors)))
`,
      name,
    );

  beforeAll(() => {
    compile("tiny.ts", "weights", "--seed", "3");
  });

  test("under the prefixes of DataParallel and torch.compile are those of the model", () => {
    rewritten(
      "prefixed.safetensors",
      `save_file({("module._orig_mod." if i % 2 else "_orig_mod.") + key: value for i, (key, value) in enumerate(tensors.items())}, out)`,
    );
    const out = compile("tiny.ts", "prefixed", "--weights", "prefixed.safetensors");
    expect(readFileSync(join(out, "model.safetensors"))).toEqual(readFileSync(join(folder, "weights/model.safetensors")));
    expect(manifestOf(out).weights).toEqual({ file_sha256: sha256(readFileSync(join(folder, "prefixed.safetensors"))) });
  });
  test.each([
    [
      "float16",
      `save_file({key: value.astype(np.float16) for key, value in tensors.items()}, out)`,
      "value.astype(np.float16).astype(np.float32)",
    ],
    ["float64", `save_file({key: value.astype(np.float64) for key, value in tensors.items()}, out)`, "value"],
    [
      "bfloat16",
      `
half = {key: (value.view(np.uint32) >> 16).astype(np.uint16) for key, value in tensors.items()}
spec = safetensors.TensorSpec
specs = {key: spec(dtype="bfloat16", shape=value.shape, data_ptr=value.ctypes.data, data_len=value.nbytes) for key, value in half.items()}
safetensors.serialize_file(specs, out)`,
      "(value.view(np.uint32) >> 16 << 16).view(np.float32)",
    ],
  ])("in %s are read as the float32 of the same value", (type, change, wanted) => {
    rewritten(`${type}.safetensors`, change);
    compile("tiny.ts", type, "--weights", `${type}.safetensors`);
    const equal = fromPython(
      `
import json, sys
import numpy as np
from safetensors.numpy import load_file

before, after = load_file("weights/model.safetensors"), load_file(f"{sys.argv[1]}/model.safetensors")
print(json.dumps([len(after), all(after[key].dtype == np.float32 and (after[key] == ${wanted}).all() for key, value in before.items())]))
`,
      type,
    );
    expect(equal).toEqual([12, true]);
  });
  test("may lie in the folder that is written", () => {
    const before = hashes(join(folder, "weights"));
    const out = compile("tiny.ts", "weights", "--weights", "weights/model.safetensors", "--parts", "encoder,decoder");
    expect(hashes(out)["model.safetensors"]).toBe(before["model.safetensors"]);
    expect(manifestOf(out).weights).toEqual({ file_sha256: before["model.safetensors"] });
  });
});

/** An image or latent whose values follow from their index. */
function ramp(...shape: readonly number[]): Tensor {
  const length = shape.reduce((product, size) => product * size, 1);
  return new Tensor(
    "float32",
    Float32Array.from({ length }, (_, i) => Math.sin(i * 0.37)),
    shape,
  );
}

async function run(path: string, input: Tensor): Promise<Readonly<Record<string, unknown>>> {
  const session = await InferenceSession.create(path);
  const outputs = await session.run({ [session.inputNames[0] ?? ""]: input });
  return Object.fromEntries(Object.entries(outputs).map(([name, { dims, data }]) => [name, { dims, data }]));
}

describe("external data", () => {
  test("gives what the whole file gives", async () => {
    const [whole, split] = [compile("mini.ts", "whole"), compile("mini.ts", "split", "--external-data")];
    expect(statSync(join(split, "decoder.onnx")).size).toBeLessThan(statSync(join(whole, "decoder.onnx")).size / 10);
    for (const [part, input] of [
      ["encoder", ramp(2, 3, 32, 40)],
      ["decoder", ramp(2, 12, 4, 5)],
    ] as const) {
      const outputs = await run(join(whole, `${part}.onnx`), input);
      expect(Object.keys(outputs)).toEqual(part === "encoder" ? ["mean", "logvar"] : ["image"]);
      expect(await run(join(split, `${part}.onnx`), input)).toEqual(outputs);
    }
  });

  /** A graph whose weights are as large as it says, and empty when they are written. */
  const graphOf = (bytes: number): OnnxGraph => ({
    name: "encoder",
    doc: "",
    nodes: [{ name: "copy", type: "Identity", inputs: ["image"], outputs: ["mean"], attrs: {} }],
    inputs: [{ name: "image", dims: ["N", 3, "H", "W"] }],
    outputs: [{ name: "mean", dims: ["N", 3, "H", "W"] }],
    values: [],
    initializers: [{ name: "huge", dims: [bytes / 4], dtype: "float32", load: () => new Uint8Array(8) }],
  });

  test.each([
    [2 ** 31 - 2 ** 20 - 4, false],
    [2 ** 31 - 2 ** 20, true],
    [2 ** 33, true],
  ])("is used without being asked for, where %d bytes of weights do not fit a protobuf message: %s", (bytes, outside) => {
    const out = join(folder, "huge");
    rmSync(out, { recursive: true, force: true });
    const target = new OutputFolder(out, { force: false });
    target.begin();
    writeOnnx(
      target,
      graphOf(bytes),
      { opset: 18, irVersion: 8, producer: "litevae", producerVersion: "0", metadata: {} },
      false,
    );
    expect(existsSync(join(out, "encoder.onnx.data"))).toBe(outside);
    if (!outside) return;
    const located = fromPython(
      `
import json
import onnx

tensor = onnx.load("huge/encoder.onnx", load_external_data=False).graph.initializer[0]
print(json.dumps([list(tensor.dims), tensor.data_location, {entry.key: entry.value for entry in tensor.external_data}]))
`,
    );
    expect(located).toEqual([[bytes / 4], 1, { location: "encoder.onnx.data", offset: "0", length: "8" }]);
  });
});

describe("graphs", () => {
  test("of every operator set pass onnx's checker and compute the same in onnxruntime", () => {
    const versions = ["18", "19", "20", "21"];
    for (const opset of versions)
      compile("mini.ts", `opset-${opset}`, "--opset", opset, "--parts", "encoder,decoder,discriminator");
    const report = fromPython(
      `
import json, sys
import numpy as np
import onnx
import onnxruntime

shapes = {"encoder": (1, 3, 32, 64), "decoder": (1, 12, 4, 8), "discriminator": (1, 3, 64, 64)}
versions, first = [], {}
for opset in sys.argv[1:]:
    for part, shape in shapes.items():
        path = f"opset-{opset}/{part}.onnx"
        model = onnx.load(path)
        onnx.checker.check_model(model, full_check=True)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        image = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
        outputs = session.run(None, {session.get_inputs()[0].name: image})
        for output, other in zip(outputs, first.setdefault(part, outputs), strict=True):
            assert np.isfinite(output).all() and np.abs(output - other).max() <= 1e-5, (path, np.abs(output - other).max())
    versions.append([model.ir_version, model.opset_import[0].version])
print(json.dumps(versions))
`,
      ...versions,
    );
    expect(report).toEqual([
      [8, 18],
      [9, 19],
      [9, 20],
      [10, 21],
    ]);
  });

  test("say what they are", () => {
    compile("mini.ts", "described", "--parts", "encoder,discriminator", "--seed", "5");
    const described = fromPython(`
import json
import onnx

def values(list):
    return {value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim] for value in list}

models = []
for part in ("encoder", "discriminator"):
    model = onnx.load(f"described/{part}.onnx")
    metadata = {prop.key: prop.value for prop in model.metadata_props}
    models.append([model.producer_name, model.producer_version, model.graph.name, values(model.graph.input), values(model.graph.output), metadata])
print(json.dumps(models))
`) as readonly (readonly unknown[])[];
    const metadata = {
      model: "mini",
      part: "encoder",
      model_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      image_channels: "3",
      latent_channels: "12",
      stride: "8",
      image_range: "[-1, 1]",
      weights: "untrained, seed 5",
    };
    const latent = ["N", 12, "H/8", "W/8"];
    expect(described).toEqual([
      ["litevae", "0.1.0", "encoder", { image: ["N", 3, "H", "W"] }, { mean: latent, logvar: latent }, metadata],
      [
        "litevae",
        "0.1.0",
        "discriminator",
        { image: ["N", 3, "H", "W"] },
        { pixel_logits: ["N", 1, "H", "W"], global_logit: ["N", 1] },
        { ...metadata, part: "discriminator" },
      ],
    ]);
  });

  test.each([
    ["s", "encoder", 172],
    ["b", "encoder,decoder,discriminator", 0],
    ["b-smc", "decoder", 0],
    ["sd-vae", "encoder,decoder", 0],
    ["patchgan.ts", "discriminator", 0],
  ])("of %s (%s) compute nothing with shapes: what reads one is a Reshape", (model, parts) => {
    write(folder, { "patchgan.ts": mini.replace('{ kind: "unet", channels: 16 }', '{ kind: "patchgan" }') });
    const out = compile(model, "shapes", "--parts", parts);
    const found = fromPython(
      `
import json, sys
import onnx

out, parts = sys.argv[1:]
INT64 = onnx.TensorProto.INT64
uses = {"Shape": set(), "constant": set(), "another node": set()}
for part in parts.split(","):
    model = onnx.load(f"{out}/{part}.onnx")
    for tensor in model.graph.initializer:
        if tensor.data_type != INT64:
            tensor.ClearField("raw_data")  # Types are inferred without the weights.
    graph = onnx.shape_inference.infer_shapes(model).graph
    ints = {value.name for value in graph.value_info if value.type.tensor_type.elem_type != onnx.TensorProto.FLOAT}
    origin = {tensor.name: "constant" for tensor in graph.initializer if tensor.data_type == INT64}
    for node in graph.node:
        assert all(name in ints or name in {v.name for v in graph.value_info} | {v.name for v in graph.output} for name in node.output)
        for name in node.output:
            if name in ints or node.op_type == "Shape":
                origin[name] = "Shape" if node.op_type == "Shape" else "another node"
    for node in graph.node:
        for i, name in enumerate(node.input):
            if name in origin:
                uses[origin[name]].add(f"{node.op_type}[{i}]")
print(json.dumps({key: sorted(value) for key, value in uses.items()}))
`,
      out,
      parts,
    ) as Readonly<Record<string, readonly string[]>>;
    rmSync(out, { recursive: true });
    expect(found["another node"]).toEqual([]);
    expect(found["Shape"]?.filter((use) => use !== "Reshape[1]")).toEqual([]);
    // Targets of Reshape, bounds of Slice and amounts of Pad: written once, computed by nobody.
    expect(found["constant"]?.filter((use) => !/^(?:Reshape\[1\]|Slice\[[123]\]|Pad\[1\])$/.test(use))).toEqual([]);
  });
});
