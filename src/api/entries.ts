/** What model files import, and the module of `dsl/` that each is; package.json exports the same. */
export const entries = { litevae: "index", "litevae/dsl": "authoring", "litevae/blocks": "blocks", "litevae/op": "op" } as const;

/** What else the package exports, for scripts and tests, and the module that each is. */
export const scriptEntries = {
  "litevae/api": "src/api/index",
  "litevae/api/node": "src/api/node/index",
  "litevae/op/test": "src/op-test/index",
} as const;

/** Every name that the package exports, and its module. */
export const modules: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(entries).map(([name, module]) => [name, `dsl/${module}`])),
  ...scriptEntries,
};
