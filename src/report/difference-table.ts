/** The modules that differ between two models, for people and for scripts. */
import type { ModelDifference, ModuleDifference } from "./difference.ts";
import { left, markdownTable, right, textTable } from "./grid.ts";
import { integer } from "./numbers.ts";

/** The difference alone as text that ends in a line feed. */
export function formatDifference(difference: ModelDifference, format: "table" | "md" = "table", width?: number): string {
  const { first, second, modules } = difference;
  if (modules.length === 0) return `No module differs in kind, attributes, parameters or MACs between ${first} and ${second}.\n`;
  const columns = [
    left("module"),
    left("kind"),
    ...["params", "MACs"].flatMap((what) => [first, second].map((model) => right(`${what}, ${model}`))),
    left("note"),
  ];
  const cell = (value: number | undefined): string => (value === undefined ? "" : integer(value));
  const rows = modules.map((module) => {
    const { path, first: a, second: b } = module;
    return [path, kindOf(module), cell(a?.params), cell(b?.params), cell(a?.macs), cell(b?.macs), noteOn(module, difference)];
  });
  return format === "md" ? markdownTable({ columns, rows }) : textTable({ columns, rows }, width);
}

/** A row of the table as an object. A side that lacks the module is null. */
export type DifferenceRow = Pick<ModuleDifference, "path" | "first" | "second" | "changed"> & {
  /** What the table notes: that a side lacks the module, which attributes changed, which kinds of modules are new. */
  readonly note: string;
};

export function differenceRows(difference: ModelDifference): readonly DifferenceRow[] {
  return difference.modules.map((module) => {
    const { path, first, second, changed } = module;
    return { path, first, second, changed, note: noteOn(module, difference) };
  });
}

/** `conv2d`, or `conv2d → smcConv2d`. */
export function kindOf({ first, second }: Pick<ModuleDifference, "first" | "second">): string {
  const kinds = new Set([first, second].flatMap((facts) => (facts === null ? [] : [facts.kind])));
  return [...kinds].join(" → ");
}

/** What the numbers do not say: where a module is missing, changed attributes, and new kinds of modules in a subtree. */
function noteOn(module: ModuleDifference, models: ModelDifference): string {
  if (module.first === null) return `only in ${models.second}`;
  if (module.second === null) return `only in ${models.first}`;
  const changed = Object.entries(module.changed).map(([name, [a, b]]) => `${name}: ${a ?? "none"} → ${b ?? "none"}`);
  if (module.inside.length === 0) return changed.join(", ");
  const structural = structuralChanges(module.inside, models);
  const counted = [...new Set(structural)].map((text) => `${structural.filter((other) => other === text).length} × ${text}`);
  return ["everything inside", ...changed, ...counted].join("; ");
}

function structuralChanges(modules: readonly ModuleDifference[], models: ModelDifference): readonly string[] {
  return modules.flatMap((module) => {
    const { first, second, inside } = module;
    if (first === null || second === null) return [`${kindOf(module)} ${noteOn(module, models)}`];
    return first.kind === second.kind ? structuralChanges(inside, models) : [kindOf(module)];
  });
}
