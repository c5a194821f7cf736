import { UserError } from "../errors/index.ts";
import type { Param, Part } from "../ir/model.ts";
import { elementCount } from "../ir/shape.ts";
import { paramsOf, topModules } from "../ir/walk.ts";

/** Bytes of the largest array that every supported Node has. */
const largestArray = 2 ** 32;

const bytesPerValue = { float32: 4, int64: 8 } as const;

/** Refuses parts whose weights, which are held once, exceed `memory` bytes, or a tensor an array; says by how much, before any is made. */
export function requireMemory(model: string, parts: readonly Part[], memory: number): void {
  const sized = [...paramsOf(topModules(parts))].map((param) => ({ param, bytes: bytesOfParam(param) }));
  const total = sized.reduce((sum, { bytes }) => sum + bytes, 0);
  const largest = sized.reduce<{
    readonly param: Param | undefined;
    readonly bytes: number;
  }>((most, each) => (each.bytes > most.bytes ? each : most), { param: undefined, bytes: 0 });
  const { param } = largest;
  if (param === undefined || (total <= memory && largest.bytes <= largestArray)) return;
  const one = largest.bytes > largestArray;
  const [needed, limit] = one ? [largest.bytes, largestArray] : [total, memory];
  throw new UserError({
    what: `${one ? `${param.path} of ${model} needs` : `the weights of ${model} need`} ${gib(needed)}, ${gib(needed - limit)} more than ${one ? "a tensor can have" : "this machine has memory"}`,
    module: param.path.slice(0, param.path.lastIndexOf(".")),
    expected: `at most ${gib(limit)}`,
    found: `${one ? "" : "the largest: "}${param.path} [${param.shape.join(", ")}], ${gib(largest.bytes)}`,
    help: "lower the channels there; litevae summary lists the parameters of every module",
  });
}

function bytesOfParam({ shape, dtype = "float32" }: Param): number {
  return elementCount(shape) * bytesPerValue[dtype];
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toLocaleString("en", { maximumSignificantDigits: 4 })} GiB`;
}
