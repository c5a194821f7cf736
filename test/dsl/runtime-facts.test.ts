/** What TypeScript says of the Python runtime is what the runtime says of itself. */
// @module-tag python
import { beforeAll, describe, expect, test } from "vitest";
import { logvarRange } from "../../dsl/posterior.ts";
import { autoencoderAttributes, diffusersAttributes } from "../../dsl/names.ts";
import { layerNames } from "../../src/targets/torch/names.ts";
import { carriedSettings, ownSettings } from "../../src/weights/settings.ts";
import { askPython } from "../support/python.ts";

const question = `
import json
from torch import nn
from litevae_runtime.nn.autoencoder import LOGVAR_RANGE, AutoencoderBase, DeterministicBase
from litevae_runtime.nn.image_autoencoder import ImageAutoencoder
from litevae_runtime.nn.pieces import InPieces
from litevae_runtime.nn.statistics import OWN_SETTINGS
from litevae_runtime.nn import layers
from litevae_runtime.nn.stored import CARRIED
def taken():
    names = dir(AutoencoderBase) + dir(DeterministicBase) + [*ImageAutoencoder.__annotations__, *InPieces.__annotations__]
    return {name for name in names if not name.startswith("_")} - {*dir(nn.Module()), *nn.Module.__annotations__}
own = taken()
import diffusers.models.modeling_utils
names = {"layers": sorted(layers.__all__), "attributes": sorted(own), "diffusers": sorted(taken() - own), "carried": CARRIED, "own": OWN_SETTINGS}
print(json.dumps({"logvar": LOGVAR_RANGE, **names}))
`;

interface Answer {
  readonly logvar: readonly number[];
  readonly attributes: readonly string[];
  /** More of them, once diffusers is imported. */
  readonly diffusers: readonly string[];
  readonly carried: readonly string[];
  readonly own: string;
  readonly layers: readonly string[];
}

describe("Python and TypeScript have the same", () => {
  let answer: Answer;
  beforeAll(() => {
    answer = askPython(question) as Answer;
  }, 60_000);

  test("names of layers, which nothing else in model.py may have", () => {
    expect(layerNames.toSorted()).toEqual(answer.layers);
  });
  test("range of log-variances", () => {
    expect(answer.logvar).toEqual([logvarRange.min, logvarRange.max]);
  });
  test("settings that config.json carries with weights, and the key of those that diffusers' class does not know", () => {
    expect({ carried: answer.carried, own: answer.own }).toEqual({ carried: carriedSettings, own: ownSettings });
  });
  test("names that stages leave free, since the autoencoder has them", () => {
    expect([...autoencoderAttributes].sort()).toEqual([...answer.attributes].sort());
    expect([...diffusersAttributes].sort()).toEqual([...answer.diffusers].sort());
  });
});
