/** The class of samples of a block: members and forward that give each of them. */
import { must } from "../../../errors/must.ts";
import type { Block, Body, Member, Returns } from "../../../ir/model.ts";
import type { PyConstant } from "../../../ir/python.ts";
import { argumentName, unused } from "../names.ts";
import { branchesOf } from "./branches.ts";
import { childrenOf, type ClassLookup } from "./children.ts";
import { givenIn } from "./config.ts";
import { completed, type Default } from "./defaults.ts";
import { distinct, present } from "./distinct.ts";
import { Fitter } from "./fit.ts";
import { match, type ChildArguments } from "./match.ts";
import { mergeMember, type MemberSurroundings } from "./merge-members.ts";
import { mergeSteps, type Surroundings } from "./merge-steps.ts";
import { listsWalked, parameter, type Rule } from "./rules.ts";
import { Mismatch, Refusal } from "./run-steps.ts";
import { sampleOf, type Sample } from "./samples.ts";
import { rolledSamples } from "./roll-samples.ts";
import { listsOf } from "./steps.ts";
import { parametersOf, parametersOfSteps } from "./template-parameters.ts";
import { signatureOf } from "./signature.ts";
import {
  NoProgram,
  type ClassParameter,
  type ClassProgram,
  type MemberTemplate,
  type TemplateSteps,
  type Test,
} from "./template.ts";

/** A class of more arguments that follow from nothing known is harder to read than one for fewer configurations. */
const mostExtras = 4;

interface Matched {
  readonly pattern: Pick<ClassProgram, "members" | "forward" | "returns">;
  readonly matched: readonly ReadonlyMap<string, PyConstant>[];
}

/** What is known of the blocks that a kind of block is made of, of the settings that its configurations may leave out, and of its code. */
export interface Known {
  readonly classOf: ClassLookup;
  readonly defaults: readonly Default[];
  /** Those in the author's code. */
  readonly numbers: readonly number[];
}

/** The class of all samples, with the settings in `open` as parameters; NoProgram where there is none. */
export class Synthesis {
  readonly #samples: readonly Sample[];
  readonly #children: readonly ChildArguments[];
  readonly #classOf: ClassLookup;
  readonly #defaults: readonly Default[];
  #fitter: Fitter;
  readonly #open: readonly string[];
  readonly #extras: { readonly name: string; readonly values: Map<number, string> }[] = [];

  constructor(samples: readonly Sample[], open: readonly string[], { classOf, defaults, numbers }: Known) {
    this.#samples = samples;
    this.#open = open;
    this.#classOf = classOf;
    this.#defaults = defaults;
    this.#children = samples.map((sample) => childrenOf(sample, classOf));
    this.#fitter = new Fitter(
      samples.map(({ settings }) => settings),
      open,
      { turns: numbers },
    );
  }

  program(instances: readonly Sample[]): ClassProgram {
    const [first] = instances as readonly [Sample];
    const members = this.#members();
    const { pattern, matched } = this.#pattern(members, first.body.returns);
    const { forward } = pattern;
    const signature = signatureOf(this.#samples, this.#fitter);
    const used = new Set([...members.flatMap(([, member]) => parametersOf(member)), ...parametersOfSteps(forward)]);
    const extras = this.#extras.map(({ name }) => name);
    const needed = [...this.#open, ...extras].filter((name) => used.has(name));
    if (this.#open.length > 0 && needed.filter((name) => extras.includes(name)).length > mostExtras)
      throw new NoProgram("too little is known");
    const values = new Map(
      needed.map((name) => [name, matched.flatMap((env) => (env.has(name) ? [env.get(name) as PyConstant] : []))]),
    );
    // What an instance has no use for.
    const idle = new Map(needed.map((name) => [name, nothingLike(values.get(name)?.[0])]));
    const optional = new Map([
      ...needed.flatMap((name) =>
        values.get(name)?.length === matched.length ? [] : [[name, must(idle.get(name), name)] as const],
      ),
      ...this.#defaults.flatMap(({ name, rule }) => (rule.kind === "constant" ? [[name, rule.value] as const] : [])),
    ]);
    // As Python wants it: what may be left out comes last.
    const names = [...needed.filter((name) => !optional.has(name)), ...needed.filter((name) => optional.has(name))];
    const parameters = names.map((name): ClassParameter => {
      return {
        name,
        values: must(values.get(name), name),
        ...(extras.includes(name) ? { extra: true } : {}),
        ...(optional.has(name) ? { default: optional.get(name) as PyConstant } : {}),
      };
    });
    const settled = new Map(
      [...first.settings].filter(([name]) => !this.#open.includes(name) || (!used.has(name) && !this.#isIdle(name, instances))),
    );
    const given = givenIn(instances.map(({ block }) => block));
    const [classOf, defaults] = [this.#classOf, this.#defaults];
    const matching = (block: Block, body: Body): ReturnType<typeof match> | undefined => {
      const sample = sampleOf(completed(block, defaults), body);
      if ([...settled].some(([name, value]) => JSON.stringify(sample.settings.get(name)) !== JSON.stringify(value)))
        return undefined;
      const open = new Map([...sample.settings].filter(([name]) => this.#open.includes(name)));
      return match(pattern, open, block, body, childrenOf(sample, classOf));
    };
    const argumentsOf: ClassProgram["argumentsOf"] = (block, body) => {
      const env = matching(block, body);
      return env === undefined || env instanceof Mismatch
        ? undefined
        : new Map(names.map((name) => [name, env.get(name) ?? must(idle.get(name), name)]));
    };
    const contradicts: ClassProgram["contradicts"] = (block, body) => {
      const env = matching(block, body);
      return env instanceof Mismatch && !(env instanceof Refusal);
    };
    const { definition } = first.block;
    return {
      definition,
      name: definition.name,
      parameters,
      ...pattern,
      signature,
      settled,
      given,
      example: { block: first.block, body: first.body },
      argumentsOf,
      contradicts,
    };
  }

  /** Whether a setting that nothing follows from has had as many values as tell that. */
  #isIdle(name: string, instances: readonly Sample[]): boolean {
    const values = (samples: readonly Sample[]): readonly PyConstant[] =>
      distinct(samples.map(({ settings }) => settings.get(name) ?? null));
    const given = values(instances);
    // What a list without items would hold is not known: numbers were tried, and it may be of names.
    if (given.length === 1 && Array.isArray(given[0]) && given[0].length === 0) return false;
    return given.length > 1 || values(this.#samples).length >= (values(this.#samples).includes(true) ? 2 : 3);
  }

  /** What has the values of another argument is that argument. */
  #extra(hint: string, values: readonly PyConstant[], samples: readonly number[]): Rule {
    const given = new Map(samples.map((sample, i) => [sample, JSON.stringify(values[i])]));
    for (const extra of this.#extras) {
      const shared = samples.filter((sample) => extra.values.has(sample));
      const same = shared.every((sample) => extra.values.get(sample) === given.get(sample));
      if (!same || shared.length < Math.min(extra.values.size, given.size) || new Set(given.values()).size < 2) continue;
      for (const [sample, value] of given) extra.values.set(sample, value);
      return parameter(extra.name);
    }
    if (this.#open.length > 0 && this.#extras.length > 8 * mostExtras) throw new NoProgram("too little is known");
    const taken = [...this.#open, ...this.#extras.map(({ name }) => name), ...(this.#samples[0]?.settings.keys() ?? [])];
    const name = unused(argumentName(hint), new Set(taken));
    this.#extras.push({ name, values: given });
    return parameter(name);
  }

  /**
   * Where something follows from nothing known, it may follow from the numbers of another member's items, or by an expression of several operations:
   * that is looked for last, and of each the one that leaves the least unknown is taken.
   */
  #members(): ClassProgram["members"] {
    const plain = this.#fitter;
    this.#fitter = plain.searching();
    let members = this.#merged(plain);
    for (const next of [plain, this.#fitter]) {
      if (this.#extras.length === 0) return members;
      const lists = members.flatMap(([key, member]) => this.#listsOf(key, member));
      if (lists.length === 0 && next === plain) continue;
      const extras = this.#extras.splice(0);
      const fitter = next.knowing(lists);
      const again = this.#merged(fitter);
      if (this.#extras.length < extras.length) [members, this.#fitter] = [again, fitter.searching()];
      else this.#extras.splice(0, this.#extras.length, ...extras);
    }
    return members;
  }

  /** The numbers that the items of a list are made with, as lists of their own. */
  #listsOf(key: string, member: MemberTemplate): readonly Rule[] {
    if (member.kind !== "repeated") return [];
    return member.construct.slots.flatMap(([, slot]): readonly Rule[] => {
      if (slot.kind !== "place") return [];
      if (listsWalked(slot.rule, 0).length > 0) return [{ kind: "mapped", rule: slot.rule, count: undefined }];
      const lengths = this.#samples.map(({ block }) => listsOf(block).get(key)?.length ?? 0);
      const count = this.#fitter.number(lengths);
      return count === undefined ? [] : [{ kind: "mapped", rule: slot.rule, count }];
    });
  }

  #merged(fitter: Fitter): ClassProgram["members"] {
    // In the order of the sample that has the most.
    const fullest = this.#samples.reduce((best, sample) =>
      sample.block.members.length > best.block.members.length ? sample : best,
    );
    const keys = [...new Set([fullest, ...this.#samples].flatMap(({ block }) => block.members.map(([key]) => key)))];
    const around: MemberSurroundings = {
      level: 0,
      fitter,
      extra: (hint, values, samples) => this.#extra(hint, values, samples),
      samples: this.#samples.map((_, i) => i),
      classOf: (sample, block) => {
        const found = this.#children[sample]?.(block);
        if (found === undefined) throw new NoProgram(`${block.path} has no class`);
        return found;
      },
    };
    const found = this.#samples.map(({ block }) => new Map<string, Member>(block.members));
    return keys.map((key) => [
      key,
      mergeMember(
        found.map((members) => members.get(key)),
        key,
        around,
      ),
    ]);
  }

  /** Members and forward together, and the parameters of every sample under them. */
  #pattern(members: ClassProgram["members"], returns: Returns): Matched {
    const known = this.#extras.length;
    // A loop from a list's second item on shows itself in lists of three alone; the more samples take part, the more they tell.
    // What is made for one structure can do without.
    for (const shortest of this.#open.length > 0 ? [1, 2] : [1, 2, Infinity]) {
      this.#extras.splice(known);
      try {
        const pattern = { members, forward: this.#forward(shortest), returns };
        const matched = this.#samples.map(({ settings, block, body }, i) => {
          const open = new Map([...settings].filter(([name]) => this.#open.includes(name)));
          const env = match(pattern, open, block, body, this.#children[i] as ChildArguments);
          if (env instanceof Mismatch) throw new NoProgram("a sample is another program");
          return env;
        });
        return { pattern, matched };
      } catch (error) {
        if (!(error instanceof NoProgram)) throw error;
      }
    }
    throw new NoProgram("no forward makes all samples");
  }

  #forward(shortest: number): TemplateSteps {
    const { clear, steps } = rolledSamples(this.#samples, shortest);
    const around: Surroundings = {
      fitter: this.#fitter.within(clear),
      extra: (hint, values, samples) =>
        this.#extra(
          hint,
          values,
          samples.map((i) => clear[i] as number),
        ),
      testOf: (domain, within) =>
        this.#test(
          domain.map((i) => clear[i] as number),
          within.map((i) => clear[i] as number),
        ),
    };
    const merged = mergeSteps(steps, around);
    branchesOf(merged);
    return merged;
  }

  /** The test that holds in the samples of `domain`, among those of `within`. */
  #test(domain: readonly number[], within: readonly number[]): Test | undefined {
    const holds = within.map((i) => domain.includes(i));
    const members = this.#samples.map(({ block }) => new Map(block.members.map(([key, member]) => [key, present(member)])));
    const keys = [...new Set(members.flatMap((each) => [...each.keys()]))];
    const key = keys.find((each) => within.every((i, at) => (members[i]?.get(each) ?? false) === holds[at]));
    if (key !== undefined) {
      const list = this.#samples.some(({ block }) =>
        block.members.some(([name, member]) => name === key && member.kind === "list"),
      );
      return { kind: "member", key, list };
    }
    const rule = this.#fitter.within(within).switch(holds);
    return rule === undefined ? undefined : { kind: "rule", rule };
  }
}

function nothingLike(value: PyConstant | undefined): PyConstant {
  if (Array.isArray(value)) return [];
  return value === undefined || typeof value === "number" ? 0 : typeof value === "string" ? "" : false;
}
