/** The models that the command line knows by name, each built once in a test file: they are frozen. */
import { builtIns } from "../../dsl/models/index.ts";
import type { Model } from "../../src/ir/model.ts";
import { countModel, type ModelCounts } from "../../src/report/count.ts";

/** A function's results, each computed once for its arguments, which are few plain values. */
function once<Args extends readonly unknown[], Result>(compute: (...args: Args) => Result): (...args: Args) => Result {
  const results = new Map<string, Result>();
  return (...args) => {
    const key = JSON.stringify(args);
    const known = results.get(key);
    if (known !== undefined) return known;
    const result = compute(...args);
    results.set(key, result);
    return result;
  };
}

export const builtIn = once((name: string, latentChannels?: number): Model => builtIns[name]!.build({ latentChannels }));

/** At 256². */
export const countedBuiltIn = once((name: string): ModelCounts => countModel(builtIn(name), 256));
