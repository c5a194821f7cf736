/** Blocks that are built again under other configurations. */
import type { Body, Definition, Rebuilds, Rebuilt } from "./model.ts";
import type { Shape } from "./shape.ts";

/**
 * Builds each block once for a configuration, and traces it once for inputs of the same shapes. What is given a function, a layer or an instance
 * of a class is built anew, since nothing tells whether two of them are alike.
 */
export class BuiltOnce implements Rebuilds {
  readonly mostModules: number;
  readonly #known = new Map<Definition, Map<string, Rebuilt>>();

  constructor(mostModules: number) {
    this.mostModules = mostModules;
  }

  of(definition: Definition, config: readonly unknown[]): Rebuilt {
    const key = keyOf(config);
    if (key === undefined) return definition.build(config, this);
    const known = this.#known.get(definition) ?? new Map<string, Rebuilt>();
    this.#known.set(definition, known);
    const found = known.get(key);
    if (found !== undefined) return found;
    const built = definition.build(config, this);
    const made = { block: built.block, trace: tracedOnce(built.trace) };
    known.set(key, made);
    return made;
  }
}

function tracedOnce(trace: Rebuilt["trace"]): Rebuilt["trace"] {
  const known = new Map<string, Body>();
  return (inputs: readonly Shape[], named?: Body["named"]) => {
    const key = JSON.stringify([inputs, named]);
    const body = known.get(key) ?? trace(inputs, named);
    known.set(key, body);
    return body;
  };
}

/** A configuration as text; undefined where text does not say all of it. */
function keyOf(config: readonly unknown[]): string | undefined {
  return config.every(isPlain) ? JSON.stringify(config) : undefined;
}

function isPlain(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== "object" || value === null) return ["string", "boolean"].includes(typeof value) || value === null;
  if (Array.isArray(value)) return value.every(isPlain);
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain);
}
