/** Classes as Python text. */
import type { Graph, Layer, Module, Value } from "../../ir/model.ts";
import { channelsOf, formatShape, type Shape } from "../../ir/shape.ts";
import type { ClassSet, PyClass } from "./classes.ts";
import type { Forward } from "./forward.ts";
import { lineLength, literal, runtimeNames, type PythonWriter } from "./python.ts";

/** What `body` imports of torch and of layers.py, between a docstring and `more` imports. */
export function header(doc: string, body: string, more: readonly string[] = []): string {
  // Attributes of the same name are the author's: `self.attention(x)`.
  const used = (name: string): boolean => new RegExp(`(?<![.\\w])${name}[.(]`).test(body);
  const names = runtimeNames.filter(used);
  const own = [...more, ...(names.length === 0 ? [] : [importOf("_runtime.nn.layers", names)])];
  const lines = [
    `"""${doc}"""`,
    "",
    ...(used("torch") ? ["import torch"] : []),
    ...(used("F") ? ["import torch.nn.functional as F"] : []),
    `from torch import Tensor${used("nn") ? ", nn" : ""}`,
    ...(own.length === 0 ? [] : ["", ...own]),
  ];
  return `${lines.join("\n")}\n`;
}

/** On one line where it fits, else a name a line. */
function importOf(module: string, names: readonly string[]): string {
  const line = `from .${module} import ${names.join(", ")}`;
  return line.length <= lineLength ? line : `from .${module} import (\n${names.map((name) => `    ${name},\n`).join("")})`;
}

export function writeClass(writer: PythonWriter, made: PyClass): void {
  writer.line().line();
  writer.block(`class ${made.name}(nn.Module):`, () => {
    writeDoc(writer, docOf(made));
    writer.line();
    const params = made.params.map(({ name, type }) => `${name}: ${type}`);
    writer.list("def __init__(", ["self", ...params], ") -> None:");
    writer.indented(() => {
      writer.line("super().__init__()");
      for (const { key, kind, names, items } of made.attributes) {
        if (kind === "one") writer.line(`self.${key} = ${items[0] ?? ""}`);
        else if (kind === "list") writeList(writer, key, items);
        else
          writer.list(
            `self.${key} = nn.ModuleDict(`,
            items.map((item, i) => `"${names[i]}": ${item}`),
            ")",
            ["{", "}"],
          );
      }
    });
    writer.line();
    writeForwardMethod(writer, made.forward, made.instances[0]?.body);
  });
}

/** The method `forward` of a class whose instances compute `body`. */
export function writeForwardMethod(writer: PythonWriter, { inputs, statements, result }: Forward, body: Graph | undefined): void {
  const returns = result.startsWith("{") ? "dict[str, Tensor]" : body?.outputs.length === 1 ? "Tensor" : "tuple[Tensor, ...]";
  writer.block(`def forward(${["self", ...inputs.map((name) => `${name}: Tensor`)].join(", ")}) -> ${returns}:`, () => {
    for (const [first = "", ...body] of statements.map((statement) => statement.split("\n")))
      writer.block(first, () => body.forEach((line) => writer.line(line.trimStart())));
    writeReturn(writer, result);
  });
}

/** A dictionary that is too long for a line has an entry a line. */
function writeReturn(writer: PythonWriter, result: string): void {
  const entries = /^\{(.*)\}$/.exec(result)?.[1]?.split(/, (?=")/);
  if (entries === undefined) writer.line(`return ${result}`);
  else writer.list("return {", entries, "}");
}

/** A list of one constructor repeated is a comprehension; otherwise an item a line. */
function writeList(writer: PythonWriter, key: string, items: readonly string[]): void {
  const [first] = items;
  if (items.length > 2 && items.every((item) => item === first)) {
    writer.line(`self.${key} = nn.ModuleList(${first} for _ in range(${items.length}))`);
    return;
  }
  writer.list(`self.${key} = nn.ModuleList(`, items, ")", ["[", "]"]);
}

/** Shapes that are too many for a line go on in the next. */
function writeDoc(writer: PythonWriter, text: string): void {
  const width = lineLength - 4 - `""""""`.length;
  const lines: string[] = [];
  for (const shape of text.split(/(?<=,|->) (?=\[)/)) {
    const joined = lines.length === 0 ? shape : `${lines.at(-1)} ${shape}`;
    if (joined.length > width || lines.length === 0) lines.push(shape);
    else lines[lines.length - 1] = joined;
  }
  lines.forEach((line, i) => writer.line(`${i === 0 ? '"""' : ""}${line}${i === lines.length - 1 ? '"""' : ""}`));
}

/**
 * Shapes relative to the first input: `[N, 12, H, W] -> [N, 24, H/2, W/2]`. Where instances differ, channels are called as the argument that
 * they are equal to, or C.
 */
function docOf(made: PyClass): string {
  const bodies = made.instances.map(({ body }) => body);
  const names = new Map<string, string>();
  for (const [i, { name }] of made.params.entries())
    names.set(made.instances.map(({ block }) => made.argumentsOf(block)[i]).join(), name);
  const channelsName = (channels: readonly unknown[]): string => {
    const key = channels.join();
    const letter = `C${"'".repeat([...names.values()].filter((name) => name.startsWith("C")).length)}`;
    const name = names.get(key) ?? letter;
    names.set(key, name);
    return name;
  };
  const list = (shapesIn: (body: Graph) => readonly Shape[]): string => {
    const slots = shapesIn(bodies[0] as Graph).map((_, i) => {
      const shown = bodies.map((body) => relativeShape(shapesIn(body)[i] ?? [], body.inputs[0]?.shape ?? []));
      const [first = ""] = shown;
      if (shown.every((text) => text === first)) return first;
      const rest = new Set(shown.map((text) => text.replace(/^\[N, \d+/, "")));
      const channels = bodies.map((body) => channelsOf(shapesIn(body)[i] ?? []));
      const count = new Set(channels).size === 1 ? String(channels[0]) : channelsName(channels);
      return `[N, ${count}${rest.size === 1 ? [...rest].join() : ", H', W']"}`;
    });
    return slots.join(", ");
  };
  return `${list(({ inputs }) => inputs.map(({ shape }) => shape))} -> ${list(({ outputs }) => outputs.map(({ shape }) => shape))}.`;
}

/** `[N, 3, H, W] -> [N, 1, H, W], [N, 1]`. */
export function shapesOf({ inputs, outputs }: Graph): string {
  const list = (values: readonly Value[]): string =>
    values.map(({ shape }) => relativeShape(shape, inputs[0]?.shape ?? [])).join(", ");
  return `${list(inputs)} -> ${list(outputs)}`;
}

/** Sizes with the block's first input as [N, C, H, W]. */
function relativeShape(shape: Shape, base: Shape): string {
  if (shape.length === 2) return formatShape(shape);
  const [, , height] = base;
  const [n = "N", c, ...rest] = shape.map((dim, axis) => {
    const reference = base[axis];
    if (axis < 2 || height === undefined || reference === undefined) return formatShape([dim]).slice(1, -1);
    const symbol = axis === 2 ? "H" : "W";
    const ratio = (dim.num * reference.den) / (dim.den * reference.num);
    const scaled = ratio === 1 ? symbol : ratio > 1 ? `${ratio}*${symbol}` : `${symbol}/${Math.round(1 / ratio)}`;
    const extra = dim.offset / dim.den - (reference.offset / reference.den) * ratio;
    return extra === 0 ? scaled : `${scaled} ${extra < 0 ? "-" : "+"} ${Math.abs(extra)}`;
  });
  return `[${[n, c, ...rest].join(", ")}]`;
}

/** The constructor call of a module. */
export function construct(set: ClassSet, module: Module): string {
  if (module.kind === "layer") return layerCall(module);
  const made = set.classOf(module);
  const args = made.argumentsOf(module).map((value, i) => `${made.params[i]?.name}=${literal(value)}`);
  return `${made.name}(${args.join(", ")})`;
}

function layerCall(module: Layer): string {
  const { torch } = module.op;
  if (torch.kind !== "module") throw new Error(`${module.op.name} is not a torch module`);
  const { callee, args, kwargs = {} } = torch.build(module.attrs);
  return `${callee}(${[...args.map(literal), ...Object.entries(kwargs).map(([key, value]) => `${key}=${literal(value)}`)].join(", ")})`;
}
