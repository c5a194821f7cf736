#!/usr/bin/env node
import { heedReader, main } from "../src/cli/main.ts";

heedReader();
process.exitCode = await main(process.argv.slice(2));
