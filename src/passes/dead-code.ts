import { neededNodes } from "../ir/walk.ts";
import { flat, live, withGraph, type PartPass } from "./pass.ts";

/** Removes nodes whose results nothing uses. */
export const deadCode: PartPass = {
  name: "deadCode",
  doc: "Removes nodes whose results nothing uses.",
  requires: [flat],
  ensures: [live],
  run(part) {
    return withGraph(part, neededNodes(part.graph));
  },
};
