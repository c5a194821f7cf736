/** What 200 widths of an autoencoder cost, and the widest that stays within a budget. */
import { count, variantsOf, type ModelRecord } from "litevae/api";
import model from "../searchable.ts";

export interface Width {
  readonly channels: number;
  readonly counted: ModelRecord;
}

/** The model with 8, 16, … channels, in `widths` steps, counted for images of 256×256 pixels. */
export async function sweep(widths = 200): Promise<readonly Width[]> {
  const { settings, build } = variantsOf(model);
  const found: Width[] = [];
  for (let channels = 8; channels <= 8 * widths; channels += 8) {
    // Memory is planned for every part, which takes most of the time: here it is left out.
    found.push({ channels, counted: await count(build({ ...settings, channels }), { memory: false }) });
  }
  return found;
}

/** The widest of them whose encoder has at most so many parameters. */
export function widest(widths: readonly Width[], parameters: number): Width | undefined {
  return widths.findLast(({ counted }) => (counted.parts["encoder"]?.params ?? Infinity) <= parameters);
}
