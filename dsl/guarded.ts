/** An author's op whose functions say what is wrong with them as an author has to be told. */
import { ShapeError, UserError } from "../src/errors/index.ts";
import { InternalError } from "../src/errors/must.ts";
import type { Attributes, Attrs } from "../src/ir/attributes.ts";
import type { Op, TorchForm } from "../src/ir/op.ts";
import { placeOf } from "../src/ir/source.ts";

type Call = (...given: never[]) => unknown;

/** The op, each of whose functions throws errors of the author's code as UserErrors with its place, as it does where what they give is of no use. */
export function guarded<A extends Attrs, D extends Attributes>(op: Op<A, D>): Op<A, D> {
  const guard = <T>(member: string, value: T): T =>
    typeof value === "function" ? (guardedCall(op, member, value as unknown as Call) as unknown as T) : value;
  const members = Object.entries(op).map(([member, value]) => [member, guard(member, value as unknown)] as const);
  const torch: TorchForm<A> = op.torch.kind === "module" ? op.torch : { ...op.torch, call: guard("torch", op.torch.call) };
  return { ...Object.fromEntries(members), torch } as unknown as Op<A, D>;
}

/** What functions have to give, by their names. */
const wanted: Readonly<Record<string, { readonly expected: string; isRight(result: unknown): boolean }>> = {
  infer: {
    expected: "a list of shapes, each a list of sizes as constantDim makes them",
    isRight: (result) =>
      isList(result, (shape) => isList(shape, (dim) => typeof dim === "object" && dim !== null && "den" in dim)),
  },
  macs: {
    expected: "a number of at least 0",
    isRight: (result) => typeof result === "number" && Number.isFinite(result) && result >= 0,
  },
};

function isList(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isItem);
}

function guardedCall(op: Pick<Op, "name" | "own">, member: string, run: Call): Call {
  return (...given) => {
    try {
      const result = run(...given);
      const rule = wanted[member];
      if (rule === undefined || rule.isRight(result)) return result;
      throw new UserError({
        what: `${member} of ${op.name} gives what is of no use`,
        where: op.own && placeOf(op.own),
        op: op.name,
        expected: rule.expected,
        found: typeof result === "number" ? String(result) : JSON.stringify(result),
        help: "correct the declaration of the op",
      });
    } catch (error) {
      if (error instanceof UserError || error instanceof ShapeError || error instanceof InternalError) throw error;
      const { message, place } =
        error instanceof Error
          ? { message: `${error.name}: ${error.message}`, place: placeOf(error) }
          : { message: String(error), place: undefined };
      throw new UserError({
        what: `${member} of ${op.name} throws ${message}`,
        where: place ?? (op.own && placeOf(op.own)),
        op: op.name,
        help: "correct the code at this line",
      });
    }
  };
}
