/** Ops declare what their constructors take; the typed constructors and the IR say the same. */
import { fileURLToPath } from "node:url";
import { Project, type Symbol } from "ts-morph";
import { describe, expect, test } from "vitest";
import * as authoring from "litevae/dsl";
import { block, conv2d, groupNorm, layers, maxPool2d, model, upsample, type Feature } from "litevae/dsl";
import { fillAttributes } from "../../dsl/attributes.ts";
import { formatDefault, isRule } from "../../src/ir/attributes.ts";
import type { Op } from "../../src/ir/op.ts";
import { layersOf, stepsOf } from "../../src/ir/walk.ts";
import { ops } from "../../src/ops/index.ts";
import { constructorName, drawnOnce } from "./reference.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const project = new Project({ tsConfigFilePath: `${root}tsconfig.json`, skipAddingFilesFromTsConfig: true });
const exported = project.addSourceFileAtPath(`${root}dsl/authoring.ts`).getExportedDeclarations();

/** The properties of the configuration that a constructor takes, its last parameter. */
function settingsOf(name: string): readonly Symbol[] {
  const [declaration] = exported.get(name) ?? [];
  if (declaration === undefined) throw new Error(`dsl/authoring.ts exports no ${name}`);
  const [signature] = declaration.getType().getCallSignatures();
  const config = signature?.getParameters().at(-1);
  if (config?.getName() !== "config") return [];
  return config.getValueDeclarationOrThrow().getType().getNonNullableType().getProperties();
}

function docOf(setting: Symbol): string {
  return setting.compilerSymbol
    .getDocumentationComment(project.getTypeChecker().compilerObject)
    .map(({ text }) => text)
    .join("");
}

describe.each(Object.values(ops) as readonly Op[])("$name", (op) => {
  const declared = Object.entries(op.attributes ?? {});

  test("has a constructor that takes what it declares", () => {
    const name = constructorName(op);
    expect(authoring).toHaveProperty(name);
    const taken = settingsOf(name).map((setting) => ({ name: setting.getName(), optional: setting.isOptional() }));
    const wanted = declared.map(([key, { default: value }]) => ({ name: key, optional: value !== undefined }));
    expect(new Set(taken)).toEqual(new Set(wanted));
  });

  test("says of an attribute in the editor what it declares", () => {
    const documented = settingsOf(constructorName(op)).filter((setting) => docOf(setting) !== "");
    for (const setting of documented) {
      const declaration = op.attributes?.[setting.getName()];
      const usual = declaration === undefined ? undefined : formatDefault(declaration);
      expect(docOf(setting)).toBe(`${declaration?.doc}${usual === undefined ? "" : ` Default: ${usual}.`}`);
    }
  });

  test("has rules that follow from attributes before them", () => {
    declared.forEach(([key, { default: value }], i) => {
      if (value === undefined || !isRule(value)) return;
      const before = declared.slice(0, i).map(([name]) => name);
      expect(before, key).toEqual(expect.arrayContaining([...value.from]));
    });
  });

  test("takes its samples, in the order in which they are printed", () => {
    const { attrs } = drawnOnce(op);
    const filled = fillAttributes(op, attrs, test);
    expect(filled).toEqual({ attrs, defaulted: [] });
    expect(Object.keys(filled.attrs)).toEqual(declared.map(([key]) => key));
  });
});

test("the IR says which attributes their author left out", () => {
  const Encoder = block("Encoder", () => {
    const named = layers({
      conv: conv2d({ in: 3, out: 24, bias: true }),
      norm: groupNorm({ channels: 24, groups: 6, eps: 1e-6 }),
    });
    return (x: Feature<3, 1>): Feature<24, 2> => maxPool2d(named.norm(named.conv(x)), { size: 2 });
  });
  const Decoder = block("Decoder", () => {
    const { conv } = layers({ conv: conv2d({ in: 12, out: 3, kernel: 5 }) });
    return (z: Feature<12, 2>): Feature<3, 1> => conv(upsample(z, { factor: 2 }));
  });
  const { parts } = model({ latentChannels: 12, encoder: Encoder(), decoder: Decoder() });
  const left = parts.flatMap(({ graph }) => [...stepsOf(graph)].map(({ node }) => [node.op.name, node.defaulted]));
  expect(left).toEqual([
    ["conv2d", ["kernel", "stride", "dilation", "padding", "groups", "paddingMode"]],
    ["groupNorm", []],
    ["maxPool2d", ["stride", "padding", "ceilMode"]],
    ["chunk", []],
    ["clamp", []],
    ["upsampleNearest", []],
    ["conv2d", ["stride", "dilation", "padding", "bias", "groups", "paddingMode"]],
  ]);
  const conv = [...layersOf(parts[1]?.modules ?? [])][0];
  expect(conv).toMatchObject({
    attrs: { kernel: 5, padding: 2 },
    defaulted: ["stride", "dilation", "padding", "bias", "groups", "paddingMode"],
  });
});
