import type { Command } from "commander";
import type { Environment } from "./environment.ts";
export function addCompare(_program: Command, _environment: Environment): void {}
