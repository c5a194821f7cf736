import { nearest, UsageError, UserError } from "../errors/index.ts";
import type { Model } from "../ir/model.ts";
import { inferencePartsOf } from "../ir/walk.ts";

/** Names of parts: those that are asked for, which the model must have, or those that inference runs. */
export function partsOf({ name, parts }: Model, asked: readonly string[] | undefined): readonly string[] {
  if (asked === undefined) return inferencePartsOf({ parts }).map((part) => part.name);
  requireParts(
    name,
    parts.map((part) => part.name),
    asked,
  );
  return asked;
}

/** Throws for the first of the parts that is none of the model's: UsageError where its name is nearly that of one, UserError otherwise. */
export function requireParts(model: string, there: readonly string[], parts: readonly string[]): void {
  const absent = parts.find((part) => !there.includes(part));
  if (absent === undefined) return;
  const meant = nearest(absent, there);
  if (meant === undefined) {
    throw new UserError({
      what: `${model} has no ${absent}`,
      found: there.join(", "),
      help: "leave it out of --parts, or add it to the model",
    });
  }
  throw new UsageError({
    what: "--parts cannot be read",
    expected: there.join(", "),
    found: absent,
    help: `did you mean ${meant}?`,
  });
}
