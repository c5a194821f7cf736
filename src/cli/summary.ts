import type { Command } from "commander";
import type { Environment } from "./environment.ts";
export function addSummary(_program: Command, _environment: Environment): void {}
