/** docs/ops.md out of the declarations of the ops. */
import { formatInterval } from "../../dsl/config.ts";
import { formatDefault, type AttributeDeclaration, type Attrs, type AttrValue } from "../../src/ir/attributes.ts";
import type { Choose, Op } from "../../src/ir/op.ts";
import { formatShape } from "../../src/ir/shape.ts";
import { symbolicShapes } from "../../src/op-test/one-op.ts";
import { macLine, onnxLine, torchLine } from "./op-forms.ts";

export function constructorName(op: Op): string {
  return op.constructorName ?? op.name;
}

export function opReference(ops: readonly Op[]): string {
  const layers = ops.filter(isLayer);
  const functions = ops.filter((op) => !isLayer(op));
  return `# Layers and functions

What \`litevae/dsl\` has to build blocks of, and what each takes. A setting without a default must be given; an unknown one is refused, with the name that was
probably meant. Shapes are [batch, channels, height, width], [batch, channels, length] for a token sequence, [batch, channels] for a
vector. [authoring.md](authoring.md) shows how they are put together. What an example is in ONNX and PyTorch stands below it: the operators of the graph, in
operator sets 18 to 21, and the Python of the package. What names no multiply-accumulates counts none, as norms, activations and pooling.

## Layers

A layer is made with its settings, named by \`layers\` and called on a feature: \`conv2d({ in: 16, out: 24 })\` is a function from 16 channels to 24.

${layers.map(section).join("\n")}
## Functions

A function is called on features, and on its settings after them: \`leakyRelu(x, { slope: 0.1 })\`.

${functions.map(section).join("\n")}`;
}

/** Dropout has no parameters, but a state: whether the network is training. */
function isLayer(op: Op): boolean {
  return op.torch.kind === "module";
}

function section(op: Op): string {
  const { attrs, inputs } = drawnOnce(op);
  const { shapes } = symbolicShapes(inputs);
  const outputs = op.infer(shapes, attrs);
  const lines = [
    `For example \`${call(op, attrs, inputs.length)}\`: ${shapes.map(formatShape).join(", ")} → ${outputs.map(formatShape).join(", ")}.`,
    ...parameters(op, attrs),
    ...(op.domain === undefined ? [] : [`Defined where values are ${formatInterval(op.domain)}.`]),
    ...(op.torchOnly === undefined ? [] : [`For training alone: ${op.torchOnly}.`]),
  ];
  const forms = [...macLine(op, attrs, shapes), ...onnxLine(op, attrs, shapes), torchLine(op, attrs, names(inputs.length))];
  return `### \`${constructorName(op)}\`

${op.doc}

${table(Object.entries(op.attributes ?? {}))}${lines.join(" ")}

${forms.map((line) => `- ${line}\n`).join("")}`;
}

/** Always the same legal use of an op. */
export function drawnOnce(op: Op): ReturnType<Op["sample"]> {
  return op.sample(middle);
}

const middle: Choose = {
  int: (min, max) => Math.ceil((min + max) / 2),
  pick: (options) => options[Math.floor(options.length / 2)] as (typeof options)[number],
};

/** The call with these attributes, without those that are defaults. */
function call(op: Op, attrs: Attrs, inputs: number): string {
  const given = Object.entries(attrs).filter(([name, value]) => formatDefault(declarationOf(op, name)) !== JSON.stringify(value));
  const config =
    given.length === 0 ? [] : [`{ ${given.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(", ")} }`];
  const features = names(inputs);
  return isLayer(op)
    ? `${constructorName(op)}(${config.join("")})(${op.source === true ? "" : "x"})`
    : `${constructorName(op)}(${[...features, ...config].join(", ")})`;
}

/** Of so many features. */
function names(inputs: number): readonly string[] {
  return Array.from({ length: inputs }, (_, i) => (inputs === 1 ? "x" : `x${i + 1}`));
}

function declarationOf(op: Op, name: string): AttributeDeclaration {
  const declaration = op.attributes?.[name];
  if (declaration === undefined) throw new Error(`${op.name} does not declare ${name}`);
  return declaration;
}

function parameters(op: Op, attrs: Attrs): readonly string[] {
  const specs = op.params?.(attrs) ?? [];
  const shown = (buffers: boolean): readonly string[] =>
    specs
      .filter(({ buffer = false }) => buffer === buffers)
      .map(({ role, shape }) => `${role === "" ? "one under the layer's own name," : `\`${role}\``} [${shape.join(", ")}]`);
  const sentence = (word: string, list: readonly string[]): readonly string[] =>
    list.length === 0 ? [] : [`${word}: ${list.join(", ")}.`];
  return [...sentence("Parameters", shown(false)), ...sentence("Buffers", shown(true))];
}

function table(attributes: readonly (readonly [string, AttributeDeclaration])[]): string {
  if (attributes.length === 0) return "";
  const rows = attributes.map(
    ([name, declaration]) =>
      `| \`${name}\` | ${values(declaration)} | ${formatDefault(declaration) ?? "–"} | ${declaration.doc} |\n`,
  );
  return `| setting | value | default | |\n|---|---|---|---|\n${rows.join("")}\n`;
}

function values(declaration: AttributeDeclaration): string {
  switch (declaration.kind) {
    case "count":
      return `a whole number ≥ ${declaration.min ?? 1}`;
    case "counts":
      return `${declaration.lengths.min} to ${declaration.lengths.max} whole numbers ≥ 1`;
    case "pair":
      return `a whole number ≥ ${declaration.min ?? 1}, or [height, width]`;
    case "number":
      return `${number(declaration.interval)}${declaration.atMost === undefined ? "" : `, at most ${declaration.atMost}`}`;
    case "choice":
      return declaration.choices.map((choice: AttrValue) => `\`${JSON.stringify(choice)}\``).join(", ");
    case "flag":
      return "true or false";
  }
}

function number(interval: Parameters<typeof formatInterval>[0] | undefined): string {
  return interval === undefined ? "a number" : `a number ${formatInterval(interval)}`;
}
