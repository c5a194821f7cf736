import { must } from "../errors/must.ts";
import { ShapeError } from "../errors/index.ts";
import { fixedSize, sameDim, type Dim } from "../ir/dim.ts";
import { defineOp, torchKeyword } from "../ir/op.ts";
import { pyCall, pySymbol } from "../ir/python.ts";
import { elementCount, formatShape, type Shape } from "../ir/shape.ts";
import { sequenceDims } from "./rules.ts";
import { otherFactors } from "./elementwise.ts";

type Transposed = "none" | "first" | "second";

export const matmul = defineOp({
  name: "matmul",
  doc:
    "The product of two sequences as matrices of channels × positions: [N, A, B] and [N, B, L] give [N, A, L]. Either may be taken transposed. With the second one so, sums " +
    "run over the positions: [N, A, L] and [N, B, L] give [N, A, B], such as the scores of attention between channels.",
  inputs: 2,
  attributes: {
    transposed: {
      kind: "choice",
      choices: ["none", "first", "second"],
      default: "none",
      doc: "Which of the two is taken as positions × channels.",
    },
  },
  infer(inputs, { transposed }) {
    const [first, second] = [inputs[0], must(inputs[1], "the second matrix")];
    const [n, rows, inner] = turned(first, transposed === "first");
    const [batch, summed, columns] = turned(second, transposed === "second");
    if (!sameDim(inner, summed) || !sameDim(n, batch)) {
      throw new ShapeError("the two matrices do not fit each other", {
        expected: formatShape(transposed === "second" ? [n, columns, inner] : [n, inner, columns]),
        found: formatShape(second),
        help:
          transposed === "second"
            ? "make both of maps of one size"
            : 'as many channels as the first has positions, or channels with transposed: "first"; linear multiplies channels by a learned matrix',
      });
    }
    if (fixedSize(rows) === undefined) {
      throw new ShapeError("the positions of a map cannot become channels", {
        expected: "a first matrix of a fixed number of positions",
        found: formatShape(first),
        help: 'take the product of channels first: transposed: "second" gives one of fixed sides',
      });
    }
    return [[n, rows, columns]];
  },
  macsRule: "output values · what each sums over",
  macs: ([first], [output], { transposed }) =>
    elementCount(output) * must(first[transposed === "first" ? 1 : 2], "what is summed"),
  onnx(writer, [first, second], { transposed }) {
    const other = must(second, "the second matrix");
    const turn = (matrix: string): string => writer.node("Transpose", [matrix], { perm: [0, 2, 1] });
    return [writer.node("MatMul", [transposed === "first" ? turn(first) : first, transposed === "second" ? turn(other) : other])];
  },
  precise: ["MatMul"],
  // What is summed are positions, or channels: then every position of the second is read where it is.
  reach: ({ transposed }) => (transposed === "second" ? "everything" : ["everything", "place"]),
  saves: (_inputs, _outputs, _attrs, learns) => ({ inputs: otherFactors(learns) }),
  torch: {
    kind: "function",
    call: (inputs, { transposed }) =>
      pyCall(pySymbol("layers", "matmul"), inputs, torchKeyword("transposed", transposed, "none")),
  },
  sample(choose) {
    const [n, a, b, l] = [choose.int(1, 3), choose.int(1, 5), choose.int(1, 5), choose.int(6, 9)];
    const transposed = choose.pick<Transposed>(["none", "first", "second"]);
    const sides = {
      none: [[a, b] as const, [b, l] as const],
      first: [[b, a] as const, [b, l] as const],
      second: [[a, l] as const, [b, l] as const],
    } as const;
    const [first, second] = sides[transposed];
    return {
      attrs: { transposed },
      inputs: [
        [n, ...first],
        [n, ...second],
      ],
    };
  },
});

/** Batch, rows and columns of a sequence as a matrix. */
function turned(shape: Shape, transposed: boolean): readonly [Dim, Dim, Dim] {
  const [n, channels, positions] = sequenceDims(shape);
  return transposed ? [n, positions, channels] : [n, channels, positions];
}
