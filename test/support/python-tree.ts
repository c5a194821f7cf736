/** Random Python trees, and their text without any care for layout. */
import fc from "fast-check";
import type { PyConstant, PyExpr, PyLoop, PySlice, PyStatement, PyTarget } from "../../src/ir/python.ts";

const names = [
  "x",
  "h",
  "self",
  "channels",
  "in_channels",
  "multipliers",
  "a_name_that_takes_up_much_of_a_line",
  "time_embedding_width",
];
const name = fc.constantFrom(...names);
const word = fc.constantFrom("weight", "forward", "blocks", "a_rather_long_attribute_of_something", "T");
const text = fc.oneof(fc.constantFrom("", "mean", "it's", 'a "b"', `'"'"`, "\\ \n\t", "é\u0001"), fc.string({ maxLength: 12 }));
const number = fc.oneof(
  fc.integer({ min: -3, max: 300 }),
  fc.constantFrom(1e-6, 0.5, -1.25, 1e-5, 0.0001, 0.00012, 1e21, 1.5e-10, 2 ** 53, 1e16, 1e300),
);
const leafConstant: fc.Arbitrary<PyConstant> = fc.oneof(number, text, fc.boolean(), fc.constant(null));
const constant: fc.Arbitrary<PyConstant> = fc.oneof(
  { weight: 4, arbitrary: leafConstant },
  fc.array(leafConstant, { maxLength: 4 }),
);

/** Short ones: ruff breaks long targets, which no generated code has. */
const short = fc.constantFrom("x", "h", "i", "block", "layer");
const target: fc.Arbitrary<PyTarget> = fc.oneof(
  { weight: 3, arbitrary: short },
  fc.array(fc.oneof(short, fc.array(short, { minLength: 1, maxLength: 2 })), { minLength: 1, maxLength: 3 }),
);

const leaf: fc.Arbitrary<PyExpr> = fc.oneof(
  name.map((each): PyExpr => ({ kind: "name", name: each })),
  constant.map((value): PyExpr => ({ kind: "constant", value })),
  fc
    .constantFrom(
      ["nn", "Conv2d"],
      ["F", "silu"],
      ["torch", "cat"],
      ["torch", "Tensor"],
      ["layers", "haar_dwt"],
      ["math", "prod"],
    )
    .map(([module, symbol]): PyExpr => ({ kind: "symbol", module, name: symbol })),
);

function exprOf(depth: number): fc.Arbitrary<PyExpr> {
  if (depth === 0) return leaf;
  const expr = fc.oneof({ weight: 1, arbitrary: leaf }, { weight: 2, arbitrary: fc.constant(0).chain(() => exprOf(depth - 1)) });
  const starred = fc.oneof(
    { weight: 6, arbitrary: expr },
    expr.map((of): PyExpr => ({ kind: "star", of })),
  );
  const slice = fc
    .record({
      start: fc.option(expr, { nil: undefined }),
      stop: fc.option(expr, { nil: undefined }),
      step: fc.option(expr, { nil: undefined }),
    })
    .map((bounds): PySlice => ({ kind: "slice", ...bounds }));
  const loops: fc.Arbitrary<PyLoop[]> = fc.array(fc.record({ target, iterable: expr }), { minLength: 1, maxLength: 2 });
  const two = fc.tuple(expr, expr);
  return fc.oneof(
    { weight: 1, arbitrary: leaf },
    { weight: 2, arbitrary: fc.tuple(expr, word).map(([of, attribute]): PyExpr => ({ kind: "attribute", of, name: attribute })) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(
          expr,
          fc.array(starred, { maxLength: 3 }),
          fc.dictionary(fc.constantFrom("padding", "bias", "heads"), expr, { maxKeys: 2 }),
        )
        .map(([callee, args, kwargs]): PyExpr => ({ kind: "call", callee, args, kwargs: { ...kwargs } })),
    },
    fc
      .tuple(expr, fc.array(fc.oneof(expr, slice), { minLength: 1, maxLength: 3 }))
      .map(([of, indices]): PyExpr => ({ kind: "index", of, indices })),
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom("+", "-", "*", "/", "//", "%", "**", "|", "and", "or"), two)
        .map(([operator, [left, right]]): PyExpr => ({ kind: "binary", operator, left, right })),
    },
    fc
      .tuple(fc.constantFrom("==", "!=", "<", "<=", ">", ">=", "is", "is not", "in"), two)
      .map(([operator, [left, right]]): PyExpr => ({ kind: "compare", operator, left, right })),
    expr.map((of): PyExpr => ({ kind: "not", of })),
    {
      weight: 2,
      arbitrary: fc.tuple(expr, expr, expr).map(([test, then, otherwise]): PyExpr => ({ kind: "if", test, then, otherwise })),
    },
    fc
      .tuple(fc.constantFrom("list", "tuple"), fc.array(starred, { maxLength: 4 }))
      .map(([kind, items]): PyExpr => ({ kind, items })),
    fc.array(two, { maxLength: 3 }).map((entries): PyExpr => ({ kind: "dict", entries })),
    fc.tuple(expr, loops, fc.boolean()).map(([item, each, list]): PyExpr => ({ kind: "comprehension", item, loops: each, list })),
    fc.tuple(expr, expr, loops).map(([callee, item, each]): PyExpr => ({
      kind: "call",
      callee,
      args: [{ kind: "comprehension", item, loops: each, list: false }],
      kwargs: {},
    })),
  );
}

export const anyExpr = exprOf(4);

const type = fc.constantFrom<PyExpr>(
  { kind: "name", name: "int" },
  { kind: "symbol", module: "torch", name: "Tensor" },
  {
    kind: "index",
    of: { kind: "symbol", module: "collections.abc", name: "Sequence" },
    indices: [{ kind: "name", name: "int" }],
  },
  { kind: "binary", operator: "|", left: { kind: "name", name: "str" }, right: { kind: "constant", value: null } },
);

function statementOf(depth: number): fc.Arbitrary<PyStatement> {
  const value = fc.oneof(exprOf(1), exprOf(2), exprOf(3));
  const attribute = word.map((each): PyExpr => ({ kind: "attribute", of: { kind: "name", name: "self" }, name: each }));
  const simple = fc.oneof(
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.oneof(target, attribute), value)
        .map(([to, each]): PyStatement => ({ kind: "assign", target: to, value: each })),
    },
    value.map((each): PyStatement => ({ kind: "expression", value: each })),
    value.map((each): PyStatement => ({ kind: "return", value: each })),
    fc.tuple(short, type).map(([declared, each]): PyStatement => ({ kind: "declare", name: declared, type: each })),
    fc
      .constantFrom("what the next line is", "long words ".repeat(20).trim())
      .map((each): PyStatement => ({ kind: "comment", text: each })),
  );
  if (depth === 0) return simple;
  const body = fc.array(statementOf(depth - 1), { minLength: 1, maxLength: 3 });
  return fc.oneof(
    { weight: 4, arbitrary: simple },
    fc.tuple(target, value, body).map(([to, iterable, each]): PyStatement => ({ kind: "for", target: to, iterable, body: each })),
    fc
      .tuple(value, body, fc.oneof(fc.constant([]), body))
      .map(([test, each, otherwise]): PyStatement => ({ kind: "if", test, body: each, otherwise })),
  );
}

const prose = fc.array(
  fc.oneof(fc.constantFrom("One sentence.", "Long words: ".repeat(20).trim(), 'it"s', "\\n `x` [N, C] ends\\"), fc.string()),
  {
    minLength: 1,
    maxLength: 3,
  },
);

const decorator = leafConstant.map((value): PyExpr => ({
  kind: "call",
  callee: { kind: "symbol", module: "dataclasses", name: "dataclass" },
  args: [],
  kwargs: { frozen: { kind: "constant", value } },
}));

/** A class with methods whose bodies are random. */
export const anyClass = fc
  .record({
    decorators: fc.array(decorator, { maxLength: 2 }),
    doc: fc.option(prose, { nil: undefined }),
    methods: fc.array(
      fc.record({
        doc: fc.option(prose, { nil: undefined }),
        parameters: fc.uniqueArray(name, { maxLength: 5 }),
        type,
        value: fc.option(leaf, { nil: undefined }),
        body: fc.array(statementOf(2), { minLength: 1, maxLength: 4 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  })
  .map(({ decorators, doc, methods }, i = 0): PyStatement => ({
    kind: "class",
    decorators,
    name: `Block${i}`,
    bases: [{ kind: "symbol", module: "nn", name: "Module" }],
    doc,
    body: methods.map((method, n) => ({
      kind: "function",
      name: `method_${n}`,
      parameters: [
        { name: "this" },
        ...method.parameters.map((each) => ({ name: each, type: method.type, default: method.value })),
      ],
      returns: method.type,
      doc: method.doc,
      body: method.body,
    })),
  }));
