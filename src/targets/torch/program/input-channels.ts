/** Which channels the inputs of a block have under other settings than the given ones. */
import { must } from "../../../errors/must.ts";
import { constantDim, fixedSize } from "../../../ir/dim.ts";
import type { Block, Body, Rebuilt } from "../../../ir/model.ts";
import type { PyConstant } from "../../../ir/python.ts";
import type { Shape } from "../../../ir/shape.ts";
import { nameOf, refsOf } from "./steps.ts";

type Numbers = readonly (readonly [where: string, value: number])[];

export class InputChannels {
  readonly #block: Block;
  readonly #settings: ReadonlyMap<string, PyConstant>;
  #given: Numbers | undefined;

  /** Of the given instance. */
  constructor(block: Block, settings: ReadonlyMap<string, PyConstant>) {
    this.#block = block;
    this.#settings = settings;
  }

  /**
   * For each input the channels that it may have: what has the value in the given instance that the channels have there, here. Settings are looked
   * at first, then the layers.
   */
  *candidates(
    block: Block,
    inputs: readonly Shape[],
    values: ReadonlyMap<string, PyConstant>,
  ): Generator<readonly (readonly number[])[]> {
    const given = [...this.#settings].flatMap(([name, value]) => numbersIn(name, value));
    const changed = new Map([...this.#settings, ...values].flatMap(([name, value]) => numbersIn(name, value)));
    yield inputs.map((shape) => channelsOf(shape, given, changed));
    this.#given ??= attributesIn(this.#block);
    const [all, here] = [[...given, ...this.#given], new Map([...changed, ...attributesIn(block)])];
    yield inputs.map((shape) => channelsOf(shape, all, here));
  }
}

function channelsOf(shape: Shape, given: Numbers, changed: ReadonlyMap<string, number>): readonly number[] {
  const channels = fixedSize(shape[1] ?? constantDim(0)) ?? 0;
  const found = given.flatMap(([where, value]) => {
    const here = changed.get(where);
    const ratio = value / channels;
    const whole = Number.isInteger(ratio) || Number.isInteger(1 / ratio);
    return here === undefined || value === 0 || channels === 0 || !whole || !Number.isInteger(here / ratio)
      ? []
      : [{ ratio, channels: here / ratio }];
  });
  const exact = found.filter(({ ratio }) => ratio === 1);
  return [...new Set([...exact, ...found].map((each) => each.channels).concat(channels))].slice(0, 12);
}

function numbersIn(name: string, value: PyConstant): readonly (readonly [string, number])[] {
  if (typeof value === "number") return [[name, value]];
  if (!Array.isArray(value) || typeof value[0] !== "number") return [];
  const list = value as readonly number[];
  const [first, last] = [list[0], list.at(-1)];
  return first === undefined || last === undefined
    ? []
    : [
        [`${name}[0]`, first],
        [`${name}[-1]`, last],
      ];
}

/** Every number in the attributes of the layers, by its place. */
export function attributesIn(block: Block): readonly (readonly [string, number])[] {
  return [...refsOf(block)].flatMap(([module, ref]): readonly (readonly [string, number])[] => {
    const name = nameOf(ref);
    if (module.kind === "block") return attributesIn(module).map(([where, value]) => [`${name}.${where}`, value] as const);
    return Object.entries(module.attrs).flatMap(([key, value]) =>
      typeof value === "number" ? [[`${name}:${key}`, value] as const] : [],
    );
  });
}

/** The body, with what is given to `like` on the first of the combinations of channels that fits. */
export function traceWith(rebuilt: Rebuilt, candidates: readonly (readonly number[])[], like: Body): Body | undefined {
  const combinations = candidates.reduce<readonly (readonly number[])[]>(
    (all, each) => all.flatMap((before) => each.map((channels) => [...before, channels])).slice(0, 64),
    [[]],
  );
  for (const channels of combinations) {
    const shapes = like.graph.inputs.map(({ shape }, i) =>
      shape.map((dim, axis) => (axis === 1 ? constantDim(must(channels[i], `the channels of input ${i}`)) : dim)),
    );
    try {
      return rebuilt.trace(shapes, like.named);
    } catch {
      // Another number of channels may fit.
    }
  }
  return undefined;
}
