/** A class as what it is made of, before it is Python: how its members and its forward follow from its parameters. */
import type { DefaultRule } from "../../../ir/attributes.ts";
import type { Body, Block, Definition, Returns } from "../../../ir/model.ts";
import type { Op } from "../../../ir/op.ts";
import type { PyConstant } from "../../../ir/python.ts";

import type { ItemRule, Rule } from "./rules.ts";
import type { Ref } from "./steps.ts";

/** No rule says how instances follow from their configurations. */
export class NoProgram extends Error {}

/** An attribute that its author left to the op's rule: it follows from the attributes beside it. */
export interface DefaultSlot {
  readonly kind: "default";
  readonly default: DefaultRule;
}

export type Slot = Rule | DefaultSlot;
export type ItemSlot = ItemRule | DefaultSlot;

/** What is called to make a module: a layer of torch or of the package, or another class. */
export type Callee = { readonly kind: "layer"; readonly op: Op } | { readonly kind: "class"; readonly made: ClassProgram };

export interface Construct<S> {
  readonly callee: Callee;
  /** By attribute of the op, or by parameter of the class. */
  readonly slots: readonly (readonly [name: string, slot: S])[];
}

export type MemberTemplate =
  /** One of several: the first whose test holds; without a construct, none. */
  | { readonly kind: "module"; readonly choices: readonly Choice[] }
  | { readonly kind: "list"; readonly present?: Rule | undefined; readonly items: readonly MemberTemplate[] }
  /** A list of `count` items, or of as many as the sequences in its slots have. */
  | {
      readonly kind: "repeated";
      readonly construct: Construct<ItemSlot>;
      readonly count: Rule | undefined;
      /** So many lists are around it. */
      readonly level: number;
    }
  /** A list of lists or records: each as its place says. */
  | { readonly kind: "nested"; readonly item: MemberTemplate; readonly count: Rule | undefined; readonly level: number }
  | {
      readonly kind: "record";
      readonly present?: Rule | undefined;
      readonly entries: readonly (readonly [key: string, member: MemberTemplate])[];
    };

export interface Choice {
  /** Absent for what is taken where no other test holds. */
  readonly test?: Rule | undefined;
  readonly construct?: Construct<Slot> | undefined;
}

/** Whether a member is there, or what a rule says. */
export type Test =
  { readonly kind: "member"; readonly key: string; readonly list: boolean } | { readonly kind: "rule"; readonly rule: Rule };

export interface TemplateResult {
  readonly step: TemplateStep;
  readonly output: number;
}

interface Common {
  readonly inputs: readonly TemplateResult[];
  readonly outputs: number;
  /** The samples in which it runs; a step that runs in some alone stands under a test. */
  readonly domain: readonly number[];
}

export type TemplateStep =
  | (Common & { readonly kind: "input"; readonly name: string })
  | (Common & {
      readonly kind: "op";
      readonly op: Op;
      readonly slots: readonly (readonly [name: string, slot: Slot])[];
      readonly ref: Ref | undefined;
    })
  | (Common & { readonly kind: "call"; readonly ref: Ref; readonly returns: Returns })
  | (Common & {
      readonly kind: "loop";
      readonly lists: readonly (readonly [list: Ref, from: number])[];
      readonly body: TemplateSteps;
      readonly kept: "all" | "all but the last" | undefined;
      readonly pops: boolean;
    })
  /** Its inputs are what it is where the test holds and where it does not. */
  | (Common & { readonly kind: "select"; readonly test: Test });

export interface TemplateSteps {
  readonly steps: readonly TemplateStep[];
  readonly results: readonly TemplateResult[];
}

/** A parameter of a class, with values that it takes. */
export interface ClassParameter {
  readonly name: string;
  readonly values: readonly PyConstant[];
  /** It is no setting of the configuration: it stands for what no rule was found for. */
  readonly extra?: true;
  /** What the author's code takes where a configuration leaves it out. */
  readonly default?: PyConstant;
}

/** How the channels of inputs and results follow, for the docstring; undefined where they do not. */
export interface Signature {
  readonly inputs: readonly SignatureShape[];
  readonly results: readonly SignatureShape[];
}

export interface SignatureShape {
  readonly channels: Rule | undefined;
  /** `H/2, W/2`, in terms of the first input's; the same for all instances, or H', W'. Empty for vectors. */
  readonly sizes: string;
}

export interface ClassProgram {
  readonly definition: Definition;
  /** Given late, so that it is unique. */
  name: string;
  readonly parameters: readonly ClassParameter[];
  readonly members: readonly (readonly [key: string, member: MemberTemplate])[];
  readonly forward: TemplateSteps;
  readonly returns: Returns;
  readonly signature: Signature;
  /** Settings of the configuration that are the same wherever the class is used, and are no parameters for that reason. */
  readonly settled: ReadonlyMap<string, PyConstant>;
  /** What else its configurations hold, by name, as text. */
  readonly given: ReadonlyMap<string, string>;
  /** An instance and the body of a call of it, for what the docstring says of shapes. */
  readonly example: { readonly block: Block; readonly body: Body };
  /** What the constructor is given for an instance; undefined where the class is not its program. */
  readonly argumentsOf: (block: Block, body: Body) => ReadonlyMap<string, PyConstant> | undefined;
  /** Whether it can be given what the instance is given, and makes something else of it. */
  readonly contradicts: (block: Block, body: Body) => boolean;
}
