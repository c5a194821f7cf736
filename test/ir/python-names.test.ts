/** The names that Python and torch keep are those that this Python and this torch have. */
// @module-tag python
import { beforeAll, describe, expect, test } from "vitest";
import { dictAttributes, moduleAttributes, pythonKeywords } from "../../src/ir/python-names.ts";
import { askPython } from "../support/python.ts";

const question = `
import json, keyword
from torch import nn
public = lambda module: sorted(name for name in dir(module) if not name.startswith("_"))
print(json.dumps({"keywords": keyword.kwlist + keyword.softkwlist, "module": public(nn.Module()), "dict": public(nn.ModuleDict())}))
`;

interface Answer {
  readonly keywords: readonly string[];
  readonly module: readonly string[];
  readonly dict: readonly string[];
}

describe("names that are kept", () => {
  let answer: Answer;
  beforeAll(() => {
    answer = askPython(question) as Answer;
  }, 60_000);

  test("by Python", () => {
    // `type` is one from Python 3.12 on, whichever Python runs here.
    const kept = new Set([...answer.keywords, "type"].filter((name) => name !== "_"));
    expect([...pythonKeywords].sort()).toEqual([...kept].sort());
  });
  test("by a module of torch", () => {
    expect([...moduleAttributes].sort()).toEqual([...answer.module].sort());
  });
  test("by a dict of modules", () => {
    expect([...moduleAttributes, ...dictAttributes].sort()).toEqual([...answer.dict].sort());
  });
});
