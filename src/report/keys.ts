/** `litevae summary --keys`: the one name of every parameter, in safetensors files, PyTorch's state_dict and ONNX graphs. */
import type { Model } from "../ir/model.ts";
import { paramsOf } from "../ir/walk.ts";
import { jsonText, type ReportFormat } from "./format.ts";
import { csvTable, left, markdownTable, right, textTable } from "./grid.ts";
import { integer, shapeText } from "./numbers.ts";

/** A parameter, or a buffer, which is stored and not trained. */
export interface KeyRecord {
  /** Its one name in safetensors, PyTorch and ONNX. */
  readonly key: string;
  /** The part that it is of. */
  readonly part: string;
  /** As PyTorch has it. */
  readonly shape: readonly number[];
  /** How many it holds. */
  readonly numbers: number;
  /** Whether it is stored and not trained. */
  readonly buffer: boolean;
}

/** In the order of the model; what several parts share stands with the first. */
export function keysOf(model: Pick<Model, "parts">): readonly KeyRecord[] {
  const seen = new Set<string>();
  return model.parts.flatMap((part) =>
    [...paramsOf(part.modules)].flatMap(({ path, shape, buffer = false }) => {
      if (seen.has(path)) return [];
      seen.add(path);
      return [{ key: path, part: part.name, shape, numbers: shape.reduce((product, side) => product * side, 1), buffer }];
    }),
  );
}

/** The keys as text that ends in a line feed, `width` characters to a line of a table. */
export function formatKeys(records: readonly KeyRecord[], format: ReportFormat, width?: number): string {
  if (format === "json") return jsonText(records);
  if (format === "csv") {
    const rows = records.map(({ key, part, shape, numbers, buffer }) => [key, part, shape.join("×"), numbers, String(buffer)]);
    return csvTable(["key", "part", "shape", "numbers", "buffer"], rows);
  }
  const columns = [left("key"), right("shape"), right("numbers"), left("kind")];
  const rows = records.map(({ key, shape, numbers, buffer }) => [
    key,
    shapeText(shape),
    integer(numbers),
    buffer ? "buffer" : "parameter",
  ]);
  return format === "md" ? markdownTable({ columns, rows }) : textTable({ columns, rows }, width);
}
