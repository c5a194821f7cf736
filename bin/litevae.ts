#!/usr/bin/env node
import * as authoring from "../dsl/authoring.ts";
import * as litevae from "../dsl/index.ts";
import { builtIns, networks } from "../dsl/models/index.ts";
import { main } from "../src/cli/main.ts";

process.exitCode = await main(process.argv.slice(2), { builtIns, networks, modules: { litevae, "litevae/dsl": authoring } });
