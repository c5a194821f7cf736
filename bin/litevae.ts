#!/usr/bin/env node
import * as authoring from "../dsl/authoring.ts";
import * as litevae from "../dsl/index.ts";
import { builtIns, networks } from "../dsl/models/index.ts";
import { recipes } from "../dsl/recipes/index.ts";
import { main } from "../src/cli/main.ts";

const modules = { litevae, "litevae/dsl": authoring };
process.exitCode = await main(process.argv.slice(2), { builtIns, networks, recipes, modules });
