/** What model files import, and the module of `dsl/` that each is; package.json exports the same. */
export const entries = { litevae: "index", "litevae/dsl": "authoring", "litevae/blocks": "blocks", "litevae/op": "op" } as const;
