import { existsSync, readFileSync } from "node:fs";
import { installation } from "../ir/installation.ts";

const file = new URL("src/targets/torch/networks.json", installation);

/** What the build wrote of the networks beside models whose images have so many channels, by module; undefined for other numbers and in the sources. */
export function writtenNetworks(imageChannels: number): Readonly<Record<string, string>> | undefined {
  if (!existsSync(file)) return undefined;
  const written = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, Readonly<Record<string, string>>>>;
  return written[imageChannels];
}
