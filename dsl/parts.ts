/** The parts of a model: traced on what they are offered, with what they take of it. */
import { UserError } from "../src/errors/index.ts";
import { must } from "../src/errors/must.ts";
import type { Module, Part } from "../src/ir/model.ts";
import { placeOf, type Source } from "../src/ir/source.ts";
import { placesRead, type Offer } from "./beside.ts";
import { checkInputsRead } from "./inputs.ts";
import { applied, checkPart, stagesOf } from "./stages.ts";
import { handleOf, type Handle } from "./tracing/handles.ts";
import { sharing, tracePart, type TracedPart } from "./tracing/part.ts";

export interface ModelPart extends Pick<TracedPart, "outputs"> {
  readonly part: Part;
  /** Whether it reads what it was offered under this name. */
  takes(name: string): boolean;
}

interface Tracing {
  /** What its function is called with: a first feature, and the others in a record. */
  readonly offers: readonly [Offer, ...Offer[]];
  /** What becomes of what its function returns. */
  readonly finish: (result: unknown) => unknown;
  readonly facts?: Pick<Part, "trainingOnly">;
}

/** Traces the parts of one model; `whole` are its functions by name, in the order in which they are traced. */
export class PartTracer {
  readonly #source: Source;
  readonly #whole: Readonly<Record<string, unknown>>;
  readonly #shared = sharing();
  readonly #owner = new Map<string, { readonly part: Part; readonly module: Module }>();

  constructor(whole: Readonly<Record<string, unknown>>, source: Source) {
    this.#whole = whole;
    this.#source = source;
  }

  trace(name: string, { offers, finish, facts = {} }: Tracing): ModelPart {
    const [source, stage] = [this.#source, this.#whole[name]];
    checkPart(name, stage, source);
    const names = offers.slice(1).map((offer) => offer.name);
    const run = (first: unknown, ...others: unknown[]): unknown => {
      const record = Object.fromEntries(names.map((each, i) => [each, others[i]]));
      return finish(applied(stage, first, names.length === 0 ? undefined : record));
    };
    const shapes = offers.map(({ shape }) => shape);
    const traced = tracePart(stagesOf(name, stage), shapes, run, source, name, { ...this.#shared, later: this.#after(name) });
    const places = placesRead(traced.graph);
    const taken = places.map((place) => must(offers[place], "what a part is offered"));
    const sources = taken.flatMap((offer) => (offer.source === undefined ? [] : [[offer.name, offer.source] as const]));
    const outputs = Object.entries(traced.outputs);
    const part: Part = Object.freeze({
      name,
      ...facts,
      ...(sources.length === 0 ? {} : { sources: Object.fromEntries(sources) }),
      modules: traced.modules,
      graph: {
        ...traced.graph,
        inputs: places.map((place) => must(traced.graph.inputs[place], "an input that is read")),
        // The graph lists its outputs once each; names follow the values.
        outputs: outputs.map(([, value]) => value),
      },
      inputNames: taken.map((offer) => offer.name),
      outputNames: outputs.map(([key]) => key),
    });
    // What a part is for; what it is offered besides it may leave.
    checkInputsRead(part.graph, part.inputNames.slice(0, 1), name, `make what the ${name} gives of it`, source);
    this.#checkModules(part);
    return { part, outputs: traced.outputs, takes: (offered) => part.inputNames.includes(offered) };
  }

  /** The stages of the parts that come after one: what this leaves unused, those may use. */
  #after(name: string): ReadonlySet<Handle> {
    const names = Object.keys(this.#whole);
    const later = names.slice(names.indexOf(name) + 1).map((each) => [each, this.#whole[each]] as const);
    const stages = later.flatMap(([each, part]) =>
      typeof part === "function" ? Object.values(stagesOf(each, part as never)) : [],
    );
    return new Set(stages.flatMap((stage) => handleOf(stage) ?? []));
  }

  /** Parts share a module where it is one instance; what only training runs has weights of its own. */
  #checkModules(part: Part): void {
    for (const module of part.modules) {
      const other = this.#owner.get(module.path);
      const isShared = other?.module === module && [part, other.part].every(({ trainingOnly }) => trainingOnly !== true);
      if (other !== undefined && !isShared) {
        throw new UserError({
          what: `${part.name} and ${other.part.name} both have a module "${module.path}"`,
          where: placeOf(this.#source),
          help:
            other.module === module
              ? `give the ${part.name} an instance of its own: it is trained against the others`
              : "give the stages of different parts different names, or both the same instance, which shares its weights",
        });
      }
      this.#owner.set(module.path, { part, module });
    }
  }
}
