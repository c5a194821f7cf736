/** The printer of Python: ruff leaves its text as it is, and Python reads in it the tree that was printed. */
// @module-tag python
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Pair } from "../../src/ir/attributes.ts";
import { defaultGroups } from "../../src/ops/group-norm.ts";
import { samePadding } from "../../src/ops/rules.ts";
import * as py from "../../src/ir/python.ts";
import { printExpr, printModule } from "../../src/targets/torch/printer.ts";
import { bracketedText } from "../support/python-flat.ts";
import { anyClass, anyExpr } from "../support/python-tree.ts";
import { pythonPath, runPython } from "../support/python.ts";

const seed = 1;

const python = (program: string, input: string): string => runPython(["-c", program], { input }).toString();

function ruffDiff(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "printer-"));
  try {
    const file = join(folder, "sample.py");
    writeFileSync(file, text);
    const flags = ["format", "--isolated", "--no-cache", "--diff", "--line-length", "110", "--target-version", "py311", file];
    const { stdout, stderr, status } = spawnSync(join(dirname(pythonPath()), "ruff"), flags, { encoding: "utf8" });
    return status === 0 ? stdout : stdout + stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("ruff leaves random classes as they are", () => {
  const body = fc.sample(anyClass, { numRuns: 40, seed });
  expect(ruffDiff(printModule({ doc: ["Random classes."], body }))).toBe("");
});

test("Python reads the tree that was printed, on one line and on many", () => {
  const exprs = fc.sample(anyExpr, { numRuns: 1000, seed });
  const pairs = exprs.map((expr) => [printExpr(expr), printExpr(expr, 40), bracketedText(expr)]);
  const program = `
import ast, json, sys

class Flat(ast.NodeTransformer):
    def visit_BoolOp(self, node):
        self.generic_visit(node)
        values = []
        for value in node.values:
            same = isinstance(value, ast.BoolOp) and type(value.op) is type(node.op)
            values += value.values if same else [value]
        return ast.BoolOp(node.op, values)

def tree(text):
    return ast.dump(Flat().visit(ast.parse(f"({text}\\n)", mode="eval")))

for flat, broken, full in json.load(sys.stdin):
    for text in (flat, broken):
        if tree(text) != tree(full):
            print(text, full, sep="\\n")
`;
  expect(python(program, JSON.stringify(pairs))).toBe("");
});

test("a module with its docstring, imports, class and signature", () => {
  const self = (name: string): py.PyExpr => py.pyAttribute(py.pyName("self"), name);
  const tensor = py.pySymbol("torch", "Tensor");
  const text = printModule({
    doc: ["What it holds."],
    body: [
      {
        kind: "class",
        name: "Block",
        bases: [py.pySymbol("nn", "Module")],
        doc: ["A block.", 'Says "no" twice.'],
        body: [
          {
            kind: "function",
            name: "forward",
            parameters: [{ name: "self" }, { name: "x", type: tensor }],
            returns: tensor,
            body: [
              {
                kind: "assign",
                target: "h",
                value: py.pyCall(py.pySymbol("F", "silu"), [py.pyCall(self("norm"), [py.pyName("x")])]),
              },
              {
                kind: "return",
                value: py.pyBinary(
                  "*",
                  py.pyBinary("+", py.pyName("x"), py.pyName("h")),
                  py.pyCall(py.pySymbol("layers", "blur")),
                ),
              },
            ],
          },
        ],
      },
    ],
  });
  expect(text).toMatchInlineSnapshot(`
    """"What it holds."""

    import torch.nn.functional as F
    from torch import Tensor, nn

    from ._runtime.nn.layers import blur


    class Block(nn.Module):
        """A block.

        Says 'no' twice.
        """

        def forward(self, x: Tensor) -> Tensor:
            h = F.silu(self.norm(x))
            return (x + h) * blur()
    "
  `);
});

test("the default rules of the package are those of the DSL", () => {
  const program = `
import json, sys
sys.path.insert(0, "runtime/src")
from litevae_runtime.nn.layers import default_groups, same_padding
sizes, wanted = range(1, 2049), json.load(sys.stdin)
print(json.dumps([[default_groups(n) for n in sizes], [same_padding(*each) for each in wanted]]))
`;
  const sizes = Array.from({ length: 2048 }, (_, i) => i + 1);
  const kernels: readonly Pair[] = [...sizes, [1, 7], [4, 3]];
  const strides: readonly Pair[] = [1, 2, 4, [2, 1], [1, 4]];
  const paddings = kernels.flatMap((kernel) =>
    strides.flatMap((stride) => ([1, 3, [1, 2]] as const).map((dilation) => [kernel, stride, dilation] as const)),
  );
  const expected = [sizes.map(defaultGroups), paddings.map((each) => samePadding(...each))];
  expect(JSON.parse(python(program, JSON.stringify(paddings)))).toEqual(expected);
});
