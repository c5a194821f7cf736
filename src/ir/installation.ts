/**
 * The folder with `dsl/`, `src/` and what else belongs to litevae: the repository, or its `dist/`. A build puts modules together in `src/chunks/`, as far
 * below that folder as this file is: what lies beside a module in the sources is found from here, not from the module.
 */
export const installation = new URL("../../", import.meta.url);
